output "name" {
  description = "The name that everything was created under; a destroy finds resources by this name."
  value       = local.name
}

output "region" {
  description = "Region that the stack is deployed in."
  value       = var.region
}

output "url" {
  description = "URL of the domain. Each service is at KEY.DOMAIN. A request for any other name gets 404."
  value       = "https://${var.domain.name}"
}

output "services" {
  description = "Address of each declared service, by its key; previews too."
  value       = { for key, host in local.hosts : key => "https://${host}" }
}

output "network_id" {
  description = "Id of the VPC."
  value       = module.network.network_id
}

output "tfvars" {
  description = "Value of the variable `platform` for the services' stacks. Save it with: terraform output -json tfvars > ../../aws/ENV.platform.tfvars.json"
  value = {
    platform = {
      name               = var.name
      domain             = var.domain.name
      nat                = var.nat
      network_id         = module.network.network_id
      private_subnet_ids = module.network.private_subnet_ids
      firewall_source    = null
      compute            = null
      door               = { listener_arn = module.edge.listener_arn, security_group_id = module.edge.security_group_id }
      edge_id            = module.edge.edge_id
      channel            = module.alerts.channel
      repository_url     = module.registry.repository_url
      puller             = null
      services = { for key, service in local.services : key => {
        url = "https://${local.hosts[key]}", slot = service.slot, request_seconds = service.request_seconds
      } }
    }
  }

  depends_on = [module.edge]
}
