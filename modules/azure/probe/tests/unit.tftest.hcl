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
    error_message = "The public address is checked every five minutes: by the service's own probe."
  }
  assert {
    condition = (
      one(azurerm_monitor_scheduled_query_rules_alert_v2.this.criteria).operator == "LessThan" &&
      one(azurerm_monitor_scheduled_query_rules_alert_v2.this.criteria).threshold == 1 &&
      one(azurerm_monitor_scheduled_query_rules_alert_v2.this.criteria).metric_measure_column == "OK"
    )
    error_message = "One alert for a failing service and a silent probe: fewer than one OK."
  }
  assert {
    # A count with groups would return no row if nothing matches, and raise no alarm.
    condition = (
      endswith(trimspace(one(azurerm_monitor_scheduled_query_rules_alert_v2.this.criteria).query), "| summarize OK = count()") &&
      strcontains(one(azurerm_monitor_scheduled_query_rules_alert_v2.this.criteria).query, "| where TimeGenerated > ago(15m)") &&
      !strcontains(one(azurerm_monitor_scheduled_query_rules_alert_v2.this.criteria).query, "union")
    )
    error_message = "One row always, of the window alone, by words that a rule may have."
  }
  assert {
    condition = (
      azurerm_monitor_scheduled_query_rules_alert_v2.this.skip_query_validation &&
      azurerm_monitor_scheduled_query_rules_alert_v2.this.auto_mitigation_enabled &&
      one(azurerm_monitor_scheduled_query_rules_alert_v2.this.action).action_groups == tolist([var.channel])
    )
    error_message = "It can be made before the first line of log, and tells somebody, also when it is over."
  }
  assert {
    condition     = azurerm_monitor_scheduled_query_rules_alert_v2.this.window_duration == "PT15M"
    error_message = "A check that is late by the log's own delay is no alarm: two periods of five minutes, and five for the log."
  }
  assert {
    condition = (
      azurerm_container_app_job.this.replica_retry_limit == 0 &&
      azurerm_container_app_job.this.replica_timeout_in_seconds >= 120 &&
      azurerm_container_app_job.this.replica_timeout_in_seconds < 60 * var.every_minutes &&
      azurerm_container_app_job.this.template[0].container[0].cpu == 0.25
    )
    error_message = "A check is one attempt with the time that Azure's jobs take: cold start and clean-up take 45 seconds; a hanging one is not paid for."
  }
}

run "once_an_hour_is_at_the_full_hour" {
  command = plan
  variables {
    every_minutes = 60
  }
  assert {
    condition = (
      azurerm_container_app_job.this.schedule_trigger_config[0].cron_expression == "0 * * * *" &&
      azurerm_monitor_scheduled_query_rules_alert_v2.this.window_duration == "PT3H"
    )
    error_message = "*/60 is no minute, and two hours with five minutes fit three."
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
    error_message = "Ten minutes at least."
  }
}

run "an_image_of_azures_registry_is_pulled_with_the_identity" {
  command = plan
  variables {
    image = "test01234567.azurecr.io/test@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }
  assert {
    condition = [
      for registry in azurerm_container_app_job.this.registry :
      [registry.server, registry.identity]
    ] == [["test01234567.azurecr.io", var.identity_id]]
    error_message = "No password."
  }
}
