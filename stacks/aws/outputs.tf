output "url" {
  description = "Where the service is found."
  value       = module.edge.url
}

output "image" {
  description = "The image that serves, by digest; during a canary, the one that is not on trial."
  value       = local.serving
}

output "revision" {
  description = "What serves, as the platform names it; a canary names it as stable."
  value       = module.service.revision
}

output "dashboard_url" {
  description = "Dashboard with requests, errors, latency, instances and load."
  value       = module.observability.dashboard_url
}

output "canary" {
  description = "The canary that runs: its image, percent of requests and the stable revision; not there without one."
  value       = var.canary
}

output "name" {
  description = "Name that all of it was made under; a destroy goes by this one."
  value       = var.name
}

output "region" {
  description = "Region that it stands in."
  value       = var.region
}
