mock_provider "azurerm" {
  source          = "./.."
  override_during = plan
}

variables {
  name       = "test"
  place      = { resource_group = "test", location = "westeurope" }
  service_id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.App/containerApps/test"
  edge_id    = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Network/applicationGateways/test"
  url        = "http://test-01234567.westeurope.cloudapp.azure.com"
  channel    = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Insights/actionGroups/test-alarms"
  backend    = null
}

run "with_the_variables_above" {
  command = plan
  assert {
    condition     = alltrue([for alert in azurerm_monitor_metric_alert.this : one(alert.action).action_group_id == var.channel && alert.auto_mitigate])
    error_message = "Every alert must notify the channel when it starts and when it ends."
  }
  assert {
    condition = {
      for key, alert in azurerm_monitor_metric_alert.this :
      key => "${element(split("/", one(alert.scopes)), 7)} ${one(alert.criteria).metric_name}"
      } == {
      errors    = "applicationGateways ResponseStatus"
      unhealthy = "applicationGateways UnhealthyHostCount"
      latency   = "applicationGateways ApplicationGatewayTotalTime"
      replicas  = "containerApps Replicas"
      cpu       = "containerApps CpuPercentage"
      memory    = "containerApps MemoryPercentage"
    }
    error_message = "Six alerts must watch what visitors notice at the gateway, and the load of the service."
  }
  assert {
    condition = (
      [for dimension in one(azurerm_monitor_metric_alert.this["errors"].criteria).dimension : "${dimension.name} ${join(",", dimension.values)}"] == ["HttpStatusGroup 5xx"] &&
      one(azurerm_monitor_metric_alert.this["errors"].criteria).threshold == 5
    )
    error_message = "Five responses of 500 or above must trigger the alert, and no others may count."
  }
  assert {
    condition = (
      one(azurerm_monitor_metric_alert.this["replicas"].criteria).operator == "LessThan" &&
      one(azurerm_monitor_metric_alert.this["replicas"].criteria).threshold == 2
    )
    error_message = "Fewer than two instances must trigger the alert: two zones need two."
  }
  assert {
    condition = length(
      distinct([for part in values(jsondecode(azurerm_portal_dashboard.this.dashboard_properties).lenses["0"].parts) : "${part.position.x},${part.position.y}"])
    ) == 7
    error_message = "The dashboard must have a heading and six graphs that do not overlap."
  }
}

run "on_a_shared_gateway_only_its_own_metrics_count" {
  command = plan
  variables {
    backend = "orders"
  }
  assert {
    condition = {
      for key, alert in azurerm_monitor_metric_alert.this : key => join(" ", concat([one(alert.criteria).metric_name], [
        for dimension in one(alert.criteria).dimension : "${dimension.name}=${join(",", dimension.values)}"
      ])) if endswith(one(alert.scopes), "/applicationGateways/test")
      } == {
      errors    = "BackendResponseStatus BackendPool=orders HttpStatusGroup=5xx"
      unhealthy = "UnhealthyHostCount BackendSettingsPool=orders~orders"
      latency   = "ApplicationGatewayTotalTime Listener=orders"
    }
    error_message = "Another service's trouble must not trigger this service's alerts."
  }
  assert {
    condition = toset(flatten([
      for part in values(jsondecode(azurerm_portal_dashboard.this.dashboard_properties).lenses["0"].parts) : [
        for filter in try(part.metadata.settings.content.options.chart.filterCollection.filters, []) : "${filter.key}=${filter.values[0]}"
      ]
    ])) == toset(["BackendSettingsPool=orders~orders", "Listener=orders"])
    error_message = "The dashboard must show only this service's requests."
  }
}
