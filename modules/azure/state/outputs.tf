output "backend" {
  description = "Maps each folder to the text for its backend.tf. It is known at plan time, so the bootstrap can find an existing store before it applies."
  value = {
    for folder, key in local.keys : folder => <<-EOT
      # Written by ./taskw bootstrap-azure. Commit it: it holds no secret.
      terraform {
        backend "azurerm" {
          tenant_id            = "${data.azurerm_client_config.current.tenant_id}"
          storage_account_name = "${local.account}"
          container_name       = "${local.container}"
          key                  = "${key}"
          use_azuread_auth     = true
        }
      }
    EOT
  }
}

output "store" {
  description = "Id of the container that holds the states. Other modules use it to grant rights."
  value       = azurerm_storage_container.this.id

  depends_on = [azurerm_role_assignment.writer]
}
