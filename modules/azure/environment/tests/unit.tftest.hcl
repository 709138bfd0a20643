# Where containers run, which name leads to them, and where their logs go.
mock_provider "azurerm" {
  source          = "./.."
  override_during = plan
}

variables {
  name       = "test"
  place      = { resource_group = "test", location = "westeurope" }
  log_days   = 90
  network_id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Network/virtualNetworks/test"
  private_subnet_ids = [
    "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Network/virtualNetworks/test/subnets/private"
  ]
}

run "with_the_variables_above" {
  command = plan
  assert {
    condition = (
      azurerm_container_app_environment.this.internal_load_balancer_enabled &&
      azurerm_container_app_environment.this.public_network_access == "Disabled"
    )
    error_message = "The environment must be internal and closed to public networks."
  }
  assert {
    condition     = azurerm_container_app_environment.this.infrastructure_subnet_id == one(var.private_subnet_ids)
    error_message = "The environment must be in the private subnet."
  }
  assert {
    condition     = azurerm_container_app_environment.this.zone_redundancy_enabled
    error_message = "The environment must be zone-redundant."
  }
  assert {
    condition     = [for profile in azurerm_container_app_environment.this.workload_profile : "${profile.name} ${profile.workload_profile_type}"] == ["Consumption Consumption"]
    error_message = "There must be a Consumption profile from the start: adding one later would replace the environment."
  }
  assert {
    condition = (
      output.compute.domain == "happy-test.westeurope.azurecontainerapps.io" &&
      azurerm_private_dns_zone.this.name == "happy-test.westeurope.azurecontainerapps.io"
    )
    error_message = "The private DNS zone must have the environment's domain, so that the gateway finds services by name."
  }
  assert {
    condition = (
      toset([for record in azurerm_private_dns_a_record.this : record.name]) == toset(["*", "@"]) &&
      alltrue([for record in azurerm_private_dns_a_record.this : record.records == toset(["10.20.128.10"])])
    )
    error_message = "The names of services and of the environment must point to the environment's address."
  }
  assert {
    condition = (
      azurerm_private_dns_zone_virtual_network_link.this.virtual_network_id == var.network_id &&
      !azurerm_private_dns_zone_virtual_network_link.this.registration_enabled
    )
    error_message = "The private DNS zone must be linked to this network, without registration."
  }
  assert {
    condition = (
      azurerm_container_app_environment.this.logs_destination == "azure-monitor" &&
      !azurerm_log_analytics_workspace.this.local_authentication_enabled
    )
    error_message = "Logs must go through a diagnostic setting, and the workspace must not accept shared keys."
  }
  assert {
    condition = (
      toset([for log in azurerm_monitor_diagnostic_setting.this.enabled_log : log.category]) == toset(["ContainerAppConsoleLogs", "ContainerAppSystemLogs"]) &&
      azurerm_log_analytics_workspace.this.retention_in_days == 90
    )
    error_message = "Console and system logs must be kept for the given 90 days."
  }
}
