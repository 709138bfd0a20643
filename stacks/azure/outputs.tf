output "url" {
  description = "Where the service is found."
  value       = local.url
}

output "image" {
  description = "The image that serves, by digest; during a canary, the stable one."
  value       = local.serving
}

output "revision" {
  description = "The stable revision, never the canary's: the value for canary.stable."
  value       = module.service.revision
}

output "dashboard_url" {
  description = "Dashboard with requests, errors, latency, instances and load; null for a preview."
  value       = one(module.observability[*].dashboard_url)
}

output "canary" {
  description = "The canary that runs: its image, percent of requests and the stable revision; left out when no canary runs."
  value       = var.canary
}

output "name" {
  description = "The name that everything was created under; a destroy finds resources by this name."
  value       = var.name
}

output "region" {
  description = "Region that the stack is deployed in."
  value       = var.region
}

output "checks" {
  description = "Paths that verify, release and canary request from outside, and the HTTP status that each must return."
  value       = concat([var.service.check], [for path, status in var.service.paths : { path = path, status = status }])
}

output "meridian" {
  description = "Whether the service is Meridian. If so, features that only Meridian has are checked too."
  value       = var.service.meridian
}

output "principal" {
  description = "Object id in Entra of the identity that the service runs as, to grant rights to."
  value       = module.identity.principal
}

output "firewall_source" {
  description = "Address range from which the service connects inside the network; allow it in a database's firewall to let the service in."
  value       = var.platform == null ? module.network[0].firewall_source : var.platform.firewall_source
}

output "network_id" {
  description = "Id of the virtual network; its private subnet is reserved for Container Apps, so a database needs a subnet of its own."
  value       = local.network_id
}

output "pull_request" {
  description = "Number of the pull request that this preview shows; null for anything else."
  value       = var.pull_request
}
