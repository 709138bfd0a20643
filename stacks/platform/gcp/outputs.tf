output "name" {
  description = "The name that everything was created under; a destroy finds resources by this name."
  value       = local.name
}

output "region" {
  description = "Region that the stack is deployed in."
  value       = var.region
}

output "url" {
  description = "URL of the domain, below which the services are, each at KEY.DOMAIN; a request for a host that no service has is redirected here."
  value       = module.edge.url
}

output "services" {
  description = "URL of each service and preview, by key. It works once the service is deployed."
  value       = { for key in keys(local.services) : key => "https://${key}.${var.domain.name}" }
}

output "network_id" {
  description = "Id of the VPC network, projects/PROJECT/global/networks/NAME."
  value       = module.network.network_id
}

output "tfvars" {
  description = "Value of the variable `platform` for the services' stacks. Save it with: terraform output -json tfvars > ../../gcp/ENV.platform.tfvars.json."
  value = { platform = {
    name               = var.name
    domain             = var.domain.name
    nat                = var.nat
    network_id         = module.network.network_id
    private_subnet_ids = module.network.private_subnet_ids
    firewall_source    = module.network.firewall_source
    compute            = null
    door               = null
    edge_id            = module.edge.edge_id
    channel            = module.alerts.channel
    repository_url     = module.registry.repository_url
    puller             = null
    services = { for key, service in local.services : key => {
      url = "https://${key}.${var.domain.name}", slot = service.slot, request_seconds = service.request_seconds
    } }
  } }

  # Services need these rules and APIs first.
  depends_on = [google_compute_firewall.egress, terraform_data.apis]
}
