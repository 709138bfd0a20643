output "url" {
  description = "URL of the page. With a certificate, point the DNS record of certificate.name at the output addresses."
  value       = var.certificate == null ? "http://${azurerm_public_ip.this.ip_address}" : "https://${var.certificate.name}"
}

output "addresses" {
  description = "IPv4 addresses that stay when machines are replaced, for a DNS record."
  value       = [azurerm_public_ip.this.ip_address]
}

output "greeting" {
  description = "Text that the page shows."
  value       = var.greeting
}

output "image" {
  description = "The image that the machines run, by digest."
  value       = module.image.image
}

output "group" {
  description = "Name of the group that keeps the machines serving."
  value       = azurerm_linux_virtual_machine_scale_set.this.name
}

output "logs" {
  description = "Command that shows what the service logs."
  value = join(" ", [
    "az monitor log-analytics query --workspace ${azurerm_log_analytics_workspace.this.workspace_id} --analytics-query",
    "\"Syslog | where ProcessName == 'meridian' | order by TimeGenerated asc | project SyslogMessage\" --timespan PT1H --output table",
  ])
}

output "session" {
  description = "Command that runs a shell command on a machine as root, without SSH. No user can log in to the machines, so there is no interactive shell."
  value = join(" ", [
    "az vmss run-command invoke --resource-group ${azurerm_resource_group.this.name}",
    "--name ${azurerm_linux_virtual_machine_scale_set.this.name}",
    "--instance-id $(az vmss list-instances --resource-group ${azurerm_resource_group.this.name}",
    "--name ${azurerm_linux_virtual_machine_scale_set.this.name} --query '[0].instanceId' --output tsv)",
    "--command-id RunShellScript --scripts 'journalctl --unit meridian --lines 50 --no-pager'",
  ])
}

output "name" {
  description = "The name that everything was created under; a destroy finds resources by this name."
  value       = var.name
}

output "region" {
  description = "Region that the stack is deployed in."
  value       = var.region
}
