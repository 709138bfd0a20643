output "settings" {
  description = "Environment variables for a service that serves the documents. They become available after the documents are uploaded and readable."
  value       = { MERIDIAN_DOCUMENTS_LOCATION = "azblob://${azurerm_storage_account.this.primary_blob_host}/${azurerm_storage_container.this.name}" }

  depends_on = [azurerm_role_assignment.reader, azurerm_storage_blob.document]
}
