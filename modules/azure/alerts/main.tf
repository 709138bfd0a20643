# Belongs to no region, so that alarms go out when one is down.
resource "azurerm_monitor_action_group" "this" {
  name                = "${var.name}-alarms"
  resource_group_name = var.place.resource_group
  location            = "global"
  # Prefixes short messages; at most 12 characters.
  short_name = substr(var.name, 0, 12)

  dynamic "email_receiver" {
    for_each = var.email == null ? [] : [var.email]

    content {
      name          = "email"
      email_address = email_receiver.value
      # The same message format for every kind of alarm.
      use_common_alert_schema = true
    }
  }
}
