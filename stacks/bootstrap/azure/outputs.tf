output "backend" {
  description = "What to save as backend.tf, by folder."
  value       = module.state.backend
}

output "repository_url" {
  description = "The shared repository, for the stacks' variable of that name."
  value       = local.repository_url

  depends_on = [azurerm_container_registry.this, azurerm_container_registry_task.purge]
}

output "settings" {
  description = "Variables to set in the pipelines: those in `all` for every job, those in `environments` for the jobs of each environment. None is a secret."
  value = {
    all = {
      AZURE_PLANNER      = module.delivery.planner
      AZURE_SUBSCRIPTION = data.azurerm_client_config.current.subscription_id
      AZURE_TENANT       = data.azurerm_client_config.current.tenant_id
    }
    environments = { for environment, client in module.delivery.deployer : environment => { AZURE_DEPLOYER = client } }
  }
}

output "viewer" {
  description = <<-EOT
    Roles and scopes for people who may look at an environment and nothing else. Assign them once the environment is deployed: az role assignment
    create --role ROLE --scope SCOPE --assignee PERSON.
  EOT
  value       = module.delivery.viewer
}
