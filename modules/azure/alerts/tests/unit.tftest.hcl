mock_provider "azurerm" {
  source          = "./.."
  override_during = plan
}

variables {
  name  = "test"
  place = { resource_group = "test", location = "westeurope" }
  email = null
}

run "without_an_address_nobody_is_written_to" {
  command = plan
  assert {
    condition     = length(azurerm_monitor_action_group.this.email_receiver) == 0
    error_message = "No receiver."
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

run "alarms_go_out_when_a_region_is_down" {
  command = plan
  assert {
    condition     = azurerm_monitor_action_group.this.location == "global"
    error_message = "Of no region."
  }
}

run "refuses_what_is_no_address" {
  command = plan
  variables {
    email = "ops, dev@example"
  }
  expect_failures = [var.email]
}
