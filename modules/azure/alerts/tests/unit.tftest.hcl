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
    error_message = "Without an address nobody is written to: no receiver."
  }
  assert {
    condition     = azurerm_monitor_action_group.this.location == "global"
    error_message = "Alarms go out when a region is down: of no region."
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
    error_message = "By e-mail, at that address."
  }
}

run "the_longest_name_fits_a_short_message" {
  command = plan
  variables {
    name = "meridian-staging"
  }
  assert {
    condition     = azurerm_monitor_action_group.this.short_name == "meridian-sta"
    error_message = "Twelve characters."
  }
}
