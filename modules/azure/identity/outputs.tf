output "identity_id" {
  description = "Id of the identity that the service runs as. Without a platform, the service also pulls its image with it."
  value       = azurerm_user_assigned_identity.this.id
}

output "principal" {
  description = "Object id of the identity in Entra. Other modules use it to grant rights."
  value       = azurerm_user_assigned_identity.this.principal_id
}

# A container can have several identities; with this id the service selects one.
output "client_id" {
  description = "Client id of the identity, for the service's AZURE_CLIENT_ID."
  value       = azurerm_user_assigned_identity.this.client_id
}
