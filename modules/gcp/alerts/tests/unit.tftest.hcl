mock_provider "google" {
  source = "./.."
}

variables {
  name  = "test"
  email = "ops@example.com"
}

run "alerts_go_to_the_address_that_was_given" {
  assert {
    condition = (
      google_monitoring_notification_channel.email[0].type == "email"
      && google_monitoring_notification_channel.email[0].labels == tomap({ email_address = "ops@example.com" })
    )
    error_message = "By e-mail."
  }
  assert {
    condition     = output.channel == "projects/test-project/notificationChannels/1"
    error_message = "Policies name the channel by its id."
  }
}

run "without_an_address_alerts_show_in_the_console_only" {
  variables {
    email = null
  }
  assert {
    condition     = length(google_monitoring_notification_channel.email) == 0 && output.channel == null
    error_message = "No channel."
  }
}
