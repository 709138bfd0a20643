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
    error_message = "The environment has no public address: internal, and closed to public networks."
  }
  assert {
    condition     = azurerm_container_app_environment.this.infrastructure_subnet_id == one(var.private_subnet_ids)
    error_message = "In the private subnet."
  }
  assert {
    condition     = azurerm_container_app_environment.this.zone_redundancy_enabled
    error_message = "Instances are in different zones."
  }
  assert {
    condition     = [for profile in azurerm_container_app_environment.this.workload_profile : "${profile.name} ${profile.workload_profile_type}"] == ["Consumption Consumption"]
    error_message = "A profile from the first day so that none replaces the environment later: Consumption."
  }
  assert {
    condition = (
      output.compute.domain == "happy-test.westeurope.azurecontainerapps.io" &&
      azurerm_private_dns_zone.this.name == "happy-test.westeurope.azurecontainerapps.io"
    )
    error_message = "The gateway finds the service by its name and TLS: the environment's domain, known in this network."
  }
  assert {
    condition = (
      toset([for record in azurerm_private_dns_a_record.this : record.name]) == toset(["*", "@"]) &&
      alltrue([for record in azurerm_private_dns_a_record.this : record.records == toset(["10.20.128.10"])])
    )
    error_message = "Services and environment lead to its address."
  }
  assert {
    condition = (
      azurerm_private_dns_zone_virtual_network_link.this.virtual_network_id == var.network_id &&
      !azurerm_private_dns_zone_virtual_network_link.this.registration_enabled
    )
    error_message = "In this network."
  }
  assert {
    condition = (
      azurerm_container_app_environment.this.logs_destination == "azure-monitor" &&
      !azurerm_log_analytics_workspace.this.local_authentication_enabled
    )
    error_message = "No key opens the log: through a diagnostic setting, no shared key."
  }
  assert {
    condition = (
      toset([for log in azurerm_monitor_diagnostic_setting.this.enabled_log : log.category]) == toset(["ContainerAppConsoleLogs", "ContainerAppSystemLogs"]) &&
      azurerm_log_analytics_workspace.this.retention_in_days == 90
    )
    error_message = "What the service and the platform write, for a month."
  }
}
