mock_provider "google" {
  source = "./.."
}

variables {
  name  = "test"
  email = "ops@example.com"
}

run "alerts_go_to_the_given_address" {
  assert {
    condition = (
      google_monitoring_notification_channel.email[0].type == "email"
      && google_monitoring_notification_channel.email[0].labels == tomap({ email_address = "ops@example.com" })
    )
    error_message = "The channel must be e-mail to the given address."
  }
  assert {
    condition     = output.channel == "projects/test-project/notificationChannels/1"
    error_message = "The output must be the channel's id, by which policies name it."
  }
}

run "without_an_address_alerts_show_in_the_console_only" {
  variables {
    email = null
  }
  assert {
    condition     = length(google_monitoring_notification_channel.email) == 0 && output.channel == null
    error_message = "Without an address there must be no channel."
  }
}
