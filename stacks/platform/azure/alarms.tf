# What the gateway answers in the services' place too, such as for one that is not there: no metric of Azure tells that apart. The
# alarms of a service go by its own answers.
resource "azurerm_monitor_metric_alert" "errors" {
  name                = "${local.name}-errors"
  description         = "At least 50 responses in five minutes had status 5xx, from the gateway or from any service."
  resource_group_name = local.place.resource_group
  scopes              = [module.edge.edge_id]
  severity            = 1
  frequency           = "PT1M"
  window_size         = "PT5M"
  # Azure tells when it is over, too.
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
