mock_provider "azurerm" {
  source          = "./.."
  override_during = plan
}

variables {
  name  = "test"
  place = { resource_group = "test", location = "westeurope" }
  email = null
}

run "with_the_variables_above" {
  command = plan
  assert {
    condition     = length(azurerm_monitor_action_group.this.email_receiver) == 0
    error_message = "Without an address there must be no e-mail receiver."
  }
  assert {
    condition     = azurerm_monitor_action_group.this.location == "global"
    error_message = "The action group must be global, so that alarms are sent while a region is down."
  }
}

run "an_address_gets_every_alarm_in_the_same_form" {
  command = plan
  variables {
    email = "ops@example.com"
  }
  assert {
    condition = (
      one(azurerm_monitor_action_group.this.email_receiver).email_address == "ops@example.com" &&
      one(azurerm_monitor_action_group.this.email_receiver).use_common_alert_schema
    )
    error_message = "The alarm must go by e-mail to the given address, in the common alert schema."
  }
}

run "the_longest_name_is_cut_to_a_valid_short_name" {
  command = plan
  variables {
    name = "meridian-staging"
  }
  assert {
    condition     = azurerm_monitor_action_group.this.short_name == "meridian-sta"
    error_message = "The short name must be cut to twelve characters."
  }
}
