output "channel" {
  description = "Id of the action group that alarms are sent to."
  value       = azurerm_monitor_action_group.this.id
}
