locals {
  # Roles that stacks/azure grants to its own service and to whoever applies:
  # https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
  grantable = {
    "AcrPull"                       = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
    "Key Vault Secrets User"        = "4633458b-17de-408a-b874-0445c86b69e6"
    "Storage Blob Data Contributor" = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
    "Storage Blob Data Reader"      = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
  }
  granted = join(", ", values(local.grantable))
  # An environment's Terraform states; production uses the default workspace, a platform's services ENVIRONMENT_KEY.
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

# The stack creates its own resource group, which needs a right on the subscription. Whoever deploys a service decides
# what it may do, so an environment that must be isolated from another needs its own subscription.
resource "azurerm_role_assignment" "deployer" {
  for_each = var.environments

  scope                = data.azurerm_subscription.current.id
  role_definition_name = "Contributor"
  principal_id         = azurerm_user_assigned_identity.deployer[each.key].principal_id
  principal_type       = "ServicePrincipal"
}

# A contributor cannot assign roles. This right covers the four that the stack needs, and no other.
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

# May list all states but access only its environment's; Terraform's lock, a lease on the blob, is a write. Assigned on
# the group and limited to the account's name: the lock on the account also locks assignments on it, so that none of
# them could be removed or changed: https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources
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
