locals {
  gateway = { scope = var.edge_id, namespace = "Microsoft.Network/applicationGateways" }
  # On a shared gateway, the service's own settings. The platform's alarm covers the responses of the gateway itself.
  pool    = var.backend == null ? {} : { BackendSettingsPool = ["${var.backend}~${var.backend}"] }
  service = { scope = var.service_id, namespace = "Microsoft.App/containerapps" }

  # https://learn.microsoft.com/azure/application-gateway/monitor-application-gateway-reference and
  # https://learn.microsoft.com/azure/container-apps/metrics
  alerts = {
    errors = {
      of         = local.gateway
      metric     = var.backend == null ? "ResponseStatus" : "BackendResponseStatus"
      statistic  = "Total"
      operator   = "GreaterThanOrEqual"
      threshold  = 5
      window     = "PT5M"
      dimensions = merge({ HttpStatusGroup = ["5xx"] }, var.backend == null ? {} : { BackendPool = [var.backend] })
      description = join("", [
        "At least 5 answers in five minutes were 500 or above, the service's",
        var.backend == null ? " or the gateway's in its place. Metrics of Azure know no ratio." : ". Metrics of Azure know no ratio.",
      ])
    }
    unhealthy = {
      of        = local.gateway
      metric    = "UnhealthyHostCount"
      statistic = "Average"
      operator  = "GreaterThanOrEqual"
      # One value a minute from one backend: three of five.
      threshold   = 0.6
      window      = "PT5M"
      dimensions  = local.pool
      description = "The gateway's health check of the service failed for 3 of 5 minutes."
    }
    latency = {
      of        = local.gateway
      metric    = "ApplicationGatewayTotalTime"
      statistic = "Average"
      operator  = "GreaterThan"
      # Milliseconds; the metric has no percentiles.
      threshold   = 1000
      window      = "PT5M"
      dimensions  = var.backend == null ? {} : { Listener = [var.backend] }
      description = "Answers took longer than a second on average, for 5 minutes."
    }
    replicas = {
      of        = local.service
      metric    = "Replicas"
      statistic = "Maximum"
      operator  = "LessThan"
      # The lowest instances.min that the module service accepts.
      threshold   = 2
      window      = "PT5M"
      dimensions  = {}
      description = "For 5 minutes every revision had fewer than two instances."
    }
    # Autoscaling keeps both near 80. Above 90 for a quarter of an hour, it is at its maximum or cannot keep up.
    cpu = {
      of          = local.service
      metric      = "CpuPercentage"
      statistic   = "Average"
      operator    = "GreaterThan"
      threshold   = 90
      window      = "PT15M"
      dimensions  = {}
      description = "CPU above 90 percent for 15 minutes: autoscaling is at instances.max or cannot keep up."
    }
    memory = {
      of          = local.service
      metric      = "MemoryPercentage"
      statistic   = "Average"
      operator    = "GreaterThan"
      threshold   = 90
      window      = "PT15M"
      dimensions  = {}
      description = "Memory above 90 percent for 15 minutes: autoscaling is at instances.max or cannot keep up."
    }
  }
}

# 0.10 USD a month each: https://azure.microsoft.com/pricing/details/monitor/
resource "azurerm_monitor_metric_alert" "this" {
  for_each = local.alerts

  name                = "${var.name}-${each.key}"
  description         = each.value.description
  resource_group_name = var.place.resource_group
  scopes              = [each.value.of.scope]
  severity            = 1
  frequency           = "PT1M"
  window_size         = each.value.window
  # Azure also reports when it is over.
  auto_mitigate = true

  criteria {
    metric_namespace = each.value.of.namespace
    metric_name      = each.value.metric
    aggregation      = each.value.statistic
    operator         = each.value.operator
    threshold        = each.value.threshold
    # A metric that a region does not have yet must not stop a deployment.
    skip_metric_validation = true

    dynamic "dimension" {
      for_each = each.value.dimensions

      content {
        name     = dimension.key
        operator = "Include"
        values   = dimension.value
      }
    }
  }

  action {
    action_group_id = var.channel
  }
}
