# The machine's rights in Azure; its container gets none of them.
resource "azurerm_user_assigned_identity" "machine" {
  name                = "${var.name}-machine"
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
}

resource "azurerm_role_assignment" "pull" {
  count = var.repository_url == null || local.shared != null ? 1 : 0

  scope                = local.pulls[count.index]
  role_definition_name = "AcrPull"
  principal_id         = azurerm_user_assigned_identity.machine.principal_id
  # Without it, Azure looks up the identity, and cannot find a new one for minutes.
  principal_type = "ServicePrincipal"
}

data "azurerm_resources" "vault" {
  count = var.certificate == null ? 0 : 1

  type = "Microsoft.KeyVault/vaults"
  name = regex("^https://([^.]+)\\.", var.certificate.secret)[0]

  lifecycle {
    postcondition {
      condition     = length(self.resources) == 1
      error_message = <<-EOT
        certificate.secret is in a vault that the subscription
        ${data.azurerm_client_config.current.subscription_id} does not have, or that you may not see.
      EOT
    }
  }
}

# Only this secret, in a vault with role-based access: https://learn.microsoft.com/azure/key-vault/general/rbac-guide
resource "azurerm_role_assignment" "certificate" {
  count = var.certificate == null ? 0 : 1

  scope                = "${data.azurerm_resources.vault[0].resources[0].id}/secrets/${regex("/secrets/([^/]+)", var.certificate.secret)[0]}"
  role_definition_name = "Key Vault Secrets User"
  principal_id         = azurerm_user_assigned_identity.machine.principal_id
  principal_type       = "ServicePrincipal"
}
