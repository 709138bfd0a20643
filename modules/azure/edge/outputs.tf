output "url" {
  description = "Where the service is found: https with a domain, else http."
  value       = var.domain == null ? "http://${azurerm_public_ip.this.fqdn}" : "https://${var.domain.name}"

  depends_on = [azurerm_application_gateway.this, azurerm_dns_a_record.this]
}

output "edge_id" {
  description = "Id of the application gateway; Azure Monitor keeps the gateway's metrics under this id."
  value       = azurerm_application_gateway.this.id
}
