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
}

run "every_alert_tells_somebody_also_when_it_is_over" {
  command = plan
  assert {
    condition     = alltrue([for alert in azurerm_monitor_metric_alert.this : one(alert.action).action_group_id == var.channel && alert.auto_mitigate])
    error_message = "All of them, to the channel."
  }
}

run "what_visitors_notice_is_asked_of_the_gateway_and_load_of_the_service" {
  command = plan
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
    error_message = "Six alerts, each with the metric of what it watches."
  }
}

run "only_answers_of_500_and_above_are_errors" {
  command = plan
  assert {
    condition = (
      [for dimension in one(azurerm_monitor_metric_alert.this["errors"].criteria).dimension : "${dimension.name} ${join(",", dimension.values)}"] == ["HttpStatusGroup 5xx"] &&
      one(azurerm_monitor_metric_alert.this["errors"].criteria).threshold == 5
    )
    error_message = "Five in five minutes."
  }
}

run "fewer_than_two_instances_raise_an_alarm" {
  command = plan
  assert {
    condition = (
      one(azurerm_monitor_metric_alert.this["replicas"].criteria).operator == "LessThan" &&
      one(azurerm_monitor_metric_alert.this["replicas"].criteria).threshold == 2
    )
    error_message = "What two zones need."
  }
}

run "the_dashboard_shows_six_graphs_that_do_not_overlap" {
  command = plan
  assert {
    condition = length(
      distinct([for part in values(jsondecode(azurerm_portal_dashboard.this.dashboard_properties).lenses["0"].parts) : "${part.position.x},${part.position.y}"])
    ) == 7
    error_message = "A heading and six graphs."
  }
}
