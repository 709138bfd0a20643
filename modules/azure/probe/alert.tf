locals {
  # Two periods, and five minutes until Azure has ingested a log; Azure accepts only these lengths.
  window = [for minutes in [10, 15, 30, 45, 60, 120, 180] : minutes if minutes >= 2 * var.every_minutes + 5][0]
}

# One alarm covers a service that is down or has the wrong time, and a probe that does not run.
resource "azurerm_monitor_scheduled_query_rules_alert_v2" "this" {
  name                = local.job
  description         = <<-EOT
    No check of ${var.url} has succeeded in the last ${local.window} minutes: the service is down, its clock is off by more than a second, or the
    probe does not run. The probe's log: ContainerAppConsoleLogs in the workspace.
  EOT
  resource_group_name = var.place.resource_group
  location            = var.place.location
  scopes              = [var.platform.workspace_id]
  severity            = 0

  evaluation_frequency = "PT5M"
  window_duration      = local.window < 60 ? "PT${local.window}M" : "PT${local.window / 60}H"
  # Azure also reports when it is over.
  auto_mitigation_enabled = true
  # The table does not exist before its first line.
  skip_query_validation = true

  criteria {
    # A count without groups returns one row even if nothing matches; otherwise silence would raise no alarm. The query
    # limits the time itself, because its result has no time that the alert could limit. Rules must not use union:
    # https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-log-query
    query = <<-KQL
      ContainerAppConsoleLogs
      | where TimeGenerated > ago(${local.window}m)
      | extend check = parse_json(Log)
      | where tostring(check.probe) == "OK" and tostring(check.url) startswith "${var.url}"
      | summarize OK = count()
    KQL

    metric_measure_column   = "OK"
    time_aggregation_method = "Total"
    operator                = "LessThan"
    threshold               = 1
  }

  action {
    action_groups = [var.channel]
  }
}
