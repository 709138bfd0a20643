output "planner" {
  description = "Client id of the identity that plans in every environment; for jobs of the deployed branch and of pull requests."
  value       = azurerm_user_assigned_identity.planner.client_id

  depends_on = [azurerm_federated_identity_credential.planner, azurerm_role_assignment.planner]
}

output "deployer" {
  description = "Client id of the identity that applies, by environment; for jobs in that environment alone."
  value       = { for environment, identity in azurerm_user_assigned_identity.deployer : environment => identity.client_id }

  depends_on = [
    azurerm_federated_identity_credential.deployer,
    azurerm_role_assignment.deployer,
    azurerm_role_assignment.deployer_documents,
    azurerm_role_assignment.deployer_roles,
    azurerm_role_assignment.deployer_state,
  ]
}

# On Azure no person can act as an identity, so the viewer is a role to assign to people.
output "viewer" {
  description = <<-EOT
    Maps each environment to the role and scope for people who may only look at its stack. Grant it with: az role assignment create --role ROLE
    --scope SCOPE --assignee PERSON. A service on a platform has a resource group of its own, PLATFORM-KEY; use that as the scope.
  EOT
  value = {
    for environment, stack in var.environments :
    environment => { role = "Reader", scope = "${data.azurerm_subscription.current.id}/resourceGroups/${stack}" }
  }
}
