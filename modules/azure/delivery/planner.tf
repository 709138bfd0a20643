# The right to read everything is not enough for a refresh: the provider lists the secrets of container apps and jobs,
# which Azure does not count as reading. Ours are names in Key Vault.
resource "azurerm_role_definition" "planner" {
  # With the subscription's first digits, because a name must be unique in the tenant:
  # https://learn.microsoft.com/azure/role-based-access-control/custom-roles#custom-role-limits
  name        = "${var.name} planner ${split("-", split("/", data.azurerm_subscription.current.id)[2])[0]}"
  scope       = data.azurerm_subscription.current.id
  description = "Reads what Terraform refreshes: all settings, the secrets of container apps, the documents"

  permissions {
    actions = [
      "*/read",
      "Microsoft.App/containerApps/listSecrets/action",
      "Microsoft.App/jobs/listSecrets/action",
    ]
    data_actions = ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"]
  }
}

resource "azurerm_role_assignment" "planner" {
  scope              = data.azurerm_subscription.current.id
  role_definition_id = azurerm_role_definition.planner.role_definition_resource_id
  principal_id       = azurerm_user_assigned_identity.planner.principal_id
  principal_type     = "ServicePrincipal"

  # Only blobs with documents and states; all others in the subscription stay closed.
  condition_version = "2.0"
  condition         = <<-EOT
    (
      !(ActionMatches{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'})
      OR @Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringEquals 'documents'
      OR @Resource[Microsoft.Storage/storageAccounts:name] StringEquals '${local.store.account}'
    )
  EOT
}
