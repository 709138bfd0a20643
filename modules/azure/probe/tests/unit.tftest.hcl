mock_provider "azurerm" {
  source          = "./.."
  override_during = plan
}

variables {
  name          = "test"
  place         = { resource_group = "test", location = "westeurope" }
  image         = "example.com/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  url           = "http://test-01234567.westeurope.cloudapp.azure.com"
  every_minutes = 5
  platform = {
    environment_id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.App/managedEnvironments/test"
    workspace_id   = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.OperationalInsights/workspaces/test"
  }
  identity_id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.ManagedIdentity/userAssignedIdentities/test"
  channel     = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Insights/actionGroups/test-alarms"
}

run "with_the_variables_above" {
  command = plan
  assert {
    condition = (
      azurerm_container_app_job.this.schedule_trigger_config[0].cron_expression == "*/5 * * * *" &&
      azurerm_container_app_job.this.template[0].container[0].args == tolist([
        "probe",
        "--format",
        "json",
        "http://test-01234567.westeurope.cloudapp.azure.com",
      ])
    )
    error_message = "The service's own probe must check the public address every five minutes."
  }
  assert {
    condition = (
      one(azurerm_monitor_scheduled_query_rules_alert_v2.this.criteria).operator == "LessThan" &&
      one(azurerm_monitor_scheduled_query_rules_alert_v2.this.criteria).threshold == 1 &&
      one(azurerm_monitor_scheduled_query_rules_alert_v2.this.criteria).metric_measure_column == "OK"
    )
    error_message = "The alert must go off with fewer than one OK, which covers a failing service and a silent probe."
  }
  assert {
    # A count with groups would return no row if nothing matches, and raise no alarm.
    condition = (
      endswith(trimspace(one(azurerm_monitor_scheduled_query_rules_alert_v2.this.criteria).query), "| summarize OK = count()") &&
      strcontains(one(azurerm_monitor_scheduled_query_rules_alert_v2.this.criteria).query, "| where TimeGenerated > ago(15m)") &&
      !strcontains(one(azurerm_monitor_scheduled_query_rules_alert_v2.this.criteria).query, "union")
    )
    error_message = "The query must always return one row, count the last 15 minutes only, and not use union."
  }
  assert {
    condition = (
      azurerm_monitor_scheduled_query_rules_alert_v2.this.skip_query_validation &&
      azurerm_monitor_scheduled_query_rules_alert_v2.this.auto_mitigation_enabled &&
      one(azurerm_monitor_scheduled_query_rules_alert_v2.this.action).action_groups == tolist([var.channel])
    )
    error_message = "The alert must be accepted before the first log line, and must notify the channel when it starts and when it ends."
  }
  assert {
    condition     = azurerm_monitor_scheduled_query_rules_alert_v2.this.window_duration == "PT15M"
    error_message = "The window must be two periods of five minutes, plus five minutes for the log's delay."
  }
  assert {
    condition = (
      azurerm_container_app_job.this.replica_retry_limit == 0 &&
      azurerm_container_app_job.this.replica_timeout_in_seconds >= 120 &&
      azurerm_container_app_job.this.replica_timeout_in_seconds < 60 * var.every_minutes &&
      azurerm_container_app_job.this.template[0].container[0].cpu == 0.25
    )
    error_message = "Each check must be one attempt and end before the next, with time for a cold start and clean-up (45 seconds)."
  }
}

run "every_60_minutes_runs_on_the_hour" {
  command = plan
  variables {
    every_minutes = 60
  }
  assert {
    condition = (
      azurerm_container_app_job.this.schedule_trigger_config[0].cron_expression == "0 * * * *" &&
      azurerm_monitor_scheduled_query_rules_alert_v2.this.window_duration == "PT3H"
    )
    error_message = "The schedule must be on the hour, because */60 is not valid, and three hours must cover two checks and the delay."
  }
}

run "every_divisor_of_an_hour_has_a_window" {
  command = plan
  variables {
    every_minutes = 1
  }
  assert {
    condition = (
      azurerm_monitor_scheduled_query_rules_alert_v2.this.window_duration == "PT10M" &&
      azurerm_container_app_job.this.schedule_trigger_config[0].cron_expression == "*/1 * * * *"
    )
    error_message = "The window must have at least ten minutes."
  }
}

run "an_image_in_azures_registry_is_pulled_with_the_identity" {
  command = plan
  variables {
    image = "test01234567.azurecr.io/test@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }
  assert {
    condition = [
      for registry in azurerm_container_app_job.this.registry :
      [registry.server, registry.identity]
    ] == [["test01234567.azurecr.io", var.identity_id]]
    error_message = "The image must be pulled with the identity, without a password."
  }
}
