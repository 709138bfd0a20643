locals {
  # Roles that stacks/azure gives to its own service and to whoever applies:
  # https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
  grantable = {
    "AcrPull"                       = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
    "Key Vault Secrets User"        = "4633458b-17de-408a-b874-0445c86b69e6"
    "Storage Blob Data Contributor" = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
    "Storage Blob Data Reader"      = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
  }
  granted = join(", ", values(local.grantable))
  # Terraform's states of an environment; production has the default workspace. Those of a platform's services are in workspaces
  # ENVIRONMENT_KEY.
  states = {
    for environment in keys(var.environments) : environment => [
      for key in concat(["stack", "vm"], contains(keys(var.platforms), environment) ? ["platform"] : []) :
      "${key}.tfstate${environment == "production" ? "" : "env:${environment}"}"
    ]
  }
  path = "@Resource[${local.blobs}:path]"
  of_states = { for environment, states in local.states : environment => join(" OR ", concat(
    [for state in states : "${local.path} StringEquals '${state}'"],
    [for name in ["stack.tfstateenv:${environment}_"] : "${local.path} StringStartsWith '${name}'" if contains(keys(var.platforms), environment)],
  )) }
  blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
  store = regex("^(?P<group>/subscriptions/[^/]+/resourceGroups/[^/]+)/.*/storageAccounts/(?P<account>[a-z0-9]+)/", var.store)
}

# The stack makes its own resource group, so the right to do that is one on the subscription. Whoever
# deploys a service decides what it may do; an environment that must be walled off from another has a
# subscription of its own.
resource "azurerm_role_assignment" "deployer" {
  for_each = var.environments

  scope                = data.azurerm_subscription.current.id
  role_definition_name = "Contributor"
  principal_id         = azurerm_user_assigned_identity.deployer[each.key].principal_id
  principal_type       = "ServicePrincipal"
}

# A contributor gives no roles. This one gives the four that the stack needs, and no other.
resource "azurerm_role_assignment" "deployer_roles" {
  for_each = var.environments

  scope                = data.azurerm_subscription.current.id
  role_definition_name = "Role Based Access Control Administrator"
  principal_id         = azurerm_user_assigned_identity.deployer[each.key].principal_id
  principal_type       = "ServicePrincipal"

  condition_version = "2.0"
  condition         = <<-EOT
    (
      !(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})
      OR @Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${local.granted}}
    )
    AND
    (
      !(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'})
      OR @Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${local.granted}}
    )
  EOT
}

# Lists all states and touches its environment's alone; the lease on a blob, Terraform's lock, is a write.
# On the group, by name of the account: a lock on the account holds the assignments on it too, so that none
# of them could be taken away or changed:
# https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources
resource "azurerm_role_assignment" "deployer_state" {
  for_each = var.environments

  scope                = local.store.group
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = azurerm_user_assigned_identity.deployer[each.key].principal_id
  principal_type       = "ServicePrincipal"

  condition_version = "2.0"
  condition         = <<-EOT
    (
      (
        !(ActionMatches{'${local.blobs}/read'} AND NOT SubOperationMatches{'Blob.List'})
        AND !(ActionMatches{'${local.blobs}/write'})
        AND !(ActionMatches{'${local.blobs}/add/action'})
        AND !(ActionMatches{'${local.blobs}/delete'})
      )
      OR
      (
        @Resource[Microsoft.Storage/storageAccounts:name] StringEquals '${local.store.account}'
        AND
        (
          ${local.of_states[each.key]}
        )
      )
    )
  EOT
}
