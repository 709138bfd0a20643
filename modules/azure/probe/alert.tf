locals {
  # Two periods, and five minutes in which Azure takes a log in; Azure has these lengths only.
  window = [for minutes in [10, 15, 30, 45, 60, 120, 180] : minutes if minutes >= 2 * var.every_minutes + 5][0]
}

# One alarm for a service that is down or tells the wrong time and for a probe that does not run.
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
  # Azure tells when it is over, too.
  auto_mitigation_enabled = true
  # The table comes with its first line.
  skip_query_validation = true

  criteria {
    # A sum without groups has one row, also of nothing: without it, silence would raise no alarm. The limit in time is
    # the query's own, since its result has no time that the alert could limit. No union, which rules may not have:
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
