# Includes responses of the gateway in a service's place, such as for a missing one: no Azure metric separates those. A
# service's alarms count only its own responses.
resource "azurerm_monitor_metric_alert" "errors" {
  name                = "${local.name}-errors"
  description         = "At least 50 responses in five minutes had status 5xx, from the gateway or from any service."
  resource_group_name = local.place.resource_group
  scopes              = [module.edge.edge_id]
  severity            = 1
  frequency           = "PT1M"
  window_size         = "PT5M"
  # Azure also reports when it is over.
  auto_mitigate = true

  criteria {
    # https://learn.microsoft.com/azure/application-gateway/monitor-application-gateway-reference
    metric_namespace = "Microsoft.Network/applicationGateways"
    metric_name      = "ResponseStatus"
    aggregation      = "Total"
    operator         = "GreaterThanOrEqual"
    threshold        = 50
    # A metric that a region does not have yet must not stop a deployment.
    skip_metric_validation = true

    dimension {
      name     = "HttpStatusGroup"
      operator = "Include"
      values   = ["5xx"]
    }
  }

  action {
    action_group_id = module.alerts.channel
  }
}
