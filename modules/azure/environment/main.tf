resource "azurerm_log_analytics_workspace" "this" {
  name                = length(var.name) < 4 ? "${var.name}-logs" : var.name # 4 to 63 letters
  resource_group_name = var.place.resource_group
  location            = var.place.location
  sku                 = "PerGB2018"
  retention_in_days   = var.log_days
  # Identities only, no shared key.
  local_authentication_enabled = false
}

# Takes four to ten minutes, while the image is built and the right to pull it takes effect.
resource "azurerm_container_app_environment" "this" {
  name                = var.name
  resource_group_name = var.place.resource_group
  location            = var.place.location

  infrastructure_subnet_id       = one(var.private_subnet_ids)
  internal_load_balancer_enabled = true
  public_network_access          = "Disabled"
  zone_redundancy_enabled        = true
  # Through a diagnostic setting; the alternative needs the workspace's shared key.
  logs_destination = "azure-monitor"

  # From the start: adding the first profile later would replace the environment.
  workload_profile {
    name                  = "Consumption"
    workload_profile_type = "Consumption"
  }

  timeouts {
    create = "60m"
    update = "60m"
    # A subnet stays in use for a while after its environment is deleted.
    delete = "60m"
  }

  lifecycle {
    # Azure chooses the name, and a difference would replace the environment.
    ignore_changes = [infrastructure_resource_group_name]
  }
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  name                       = "logs"
  target_resource_id         = azurerm_container_app_environment.this.id
  log_analytics_workspace_id = azurerm_log_analytics_workspace.this.id

  dynamic "enabled_log" {
    for_each = toset(["ContainerAppConsoleLogs", "ContainerAppSystemLogs"])

    content {
      category = enabled_log.value
    }
  }
}

# The name of an internal environment does not resolve outside; in this network it leads to the environment.
resource "azurerm_private_dns_zone" "this" {
  name                = azurerm_container_app_environment.this.default_domain
  resource_group_name = var.place.resource_group
}

resource "azurerm_private_dns_a_record" "this" {
  # The services of the environment, and the environment itself.
  for_each = toset(["*", "@"])

  name                = each.key
  private_dns_zone_id = azurerm_private_dns_zone.this.id
  ttl                 = 300
  records             = [azurerm_container_app_environment.this.static_ip_address]
}

resource "azurerm_private_dns_zone_virtual_network_link" "this" {
  name                 = var.name
  private_dns_zone_id  = azurerm_private_dns_zone.this.id
  virtual_network_id   = var.network_id
  registration_enabled = false
}
