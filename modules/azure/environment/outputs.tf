output "compute" {
  description = <<-EOT
    The Container Apps environment, the workspace with its logs, and the domain that the names of its apps end in. They become available
    after the log settings and DNS records exist.
  EOT
  value = {
    environment_id = azurerm_container_app_environment.this.id
    workspace_id   = azurerm_log_analytics_workspace.this.id
    domain         = azurerm_container_app_environment.this.default_domain
  }

  depends_on = [
    azurerm_monitor_diagnostic_setting.this,
    azurerm_private_dns_a_record.this,
    azurerm_private_dns_zone_virtual_network_link.this,
  ]
}
