# 2.76 USD/GB, the first 5 GB of a month free: https://azure.microsoft.com/pricing/details/monitor/
resource "azurerm_log_analytics_workspace" "this" {
  name                = length(var.name) < 4 ? "${var.name}-logs" : var.name # 4 to 63 letters
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  sku                 = "PerGB2018"
  retention_in_days   = 30
}

# From the machine's syslog, where the service's lines have their own facility.
resource "azurerm_monitor_data_collection_rule" "this" {
  name                = var.name
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  kind                = "Linux"

  data_sources {
    syslog {
      name           = "service"
      facility_names = ["local0"]
      log_levels     = ["*"]
      streams        = ["Microsoft-Syslog"]
    }
  }

  destinations {
    log_analytics {
      name                  = "workspace"
      workspace_resource_id = azurerm_log_analytics_workspace.this.id
    }
  }

  data_flow {
    streams      = ["Microsoft-Syslog"]
    destinations = ["workspace"]
  }
}

resource "azurerm_monitor_data_collection_rule_association" "this" {
  name                    = "service"
  target_resource_id      = azurerm_linux_virtual_machine_scale_set.this.id
  data_collection_rule_id = azurerm_monitor_data_collection_rule.this.id
}
