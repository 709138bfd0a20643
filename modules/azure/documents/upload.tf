# Read after the container exists, so that it names who applies, not who planned.
data "azurerm_client_config" "applying" {
  depends_on = [azurerm_storage_container.this]
}

# An owner of the subscription has no right to blobs. Whoever applies first gets it on this container only, and keeps
# it: another person's apply must not remove it. Pipelines and their creator have theirs from the module delivery:
# https://learn.microsoft.com/azure/storage/blobs/assign-azure-role-data-access
resource "azurerm_role_assignment" "writer" {
  scope                = azurerm_storage_container.this.id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = data.azurerm_client_config.applying.object_id

  lifecycle {
    ignore_changes = [principal_id]
  }
}

resource "azurerm_role_assignment" "reader" {
  scope                = azurerm_storage_container.this.id
  role_definition_name = "Storage Blob Data Reader"
  principal_id         = var.reader
  # Without it, Azure looks up the identity, and cannot find a new one for minutes.
  principal_type = "ServicePrincipal"
}

# The right takes minutes to reach the store, and the provider gives up on the first 403.
resource "terraform_data" "writable" {
  triggers_replace = azurerm_role_assignment.writer.id

  provisioner "local-exec" {
    interpreter = ["bash"]
    command     = "${path.module}/await"

    environment = {
      CONTAINER = "${azurerm_storage_account.this.primary_blob_endpoint}${azurerm_storage_container.this.name}"
    }
  }
}

resource "azurerm_storage_blob" "document" {
  for_each = var.documents

  name                 = "${each.key}.json"
  storage_container_id = azurerm_storage_container.this.id
  type                 = "Block"
  source_content       = each.value
  content_type         = "application/json"
  # Restores a blob that was changed by hand.
  content_md5 = md5(each.value)

  depends_on = [terraform_data.writable]
}
