output "dashboard_url" {
  description = "The dashboard in the Azure portal."
  value       = "https://portal.azure.com/#@${data.azurerm_client_config.current.tenant_id}/dashboard/arm${azurerm_portal_dashboard.this.id}"
}
