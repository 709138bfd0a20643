mock_provider "google" {
  source = "./.."
}

variables {
  name       = "test"
  place      = { project = "test-project", region = "us-central1" }
  service_id = "projects/test-project/locations/us-central1/services/test"
  edge_id    = "test"
  url        = "http://203.0.113.10"
  channel    = "projects/test-project/notificationChannels/1"
}

run "every_alert_tells_somebody_also_when_it_is_over" {
  assert {
    condition = alltrue([
      for policy in concat([google_monitoring_alert_policy.unreachable], values(google_monitoring_alert_policy.this)) :
      policy.notification_channels == tolist([var.channel]) && policy.alert_strategy[0].notification_prompts == tolist(["OPENED", "CLOSED"])
    ])
    error_message = "All of them, to the channel."
  }
  assert {
    condition     = keys(google_monitoring_alert_policy.this) == ["cpu", "errors", "latency", "memory"]
    error_message = "Errors, latency, CPU and memory."
  }
}

run "without_a_channel_alerts_show_in_the_console" {
  variables {
    channel = null
  }
  assert {
    condition     = alltrue([for policy in values(google_monitoring_alert_policy.this) : length(policy.notification_channels) == 0])
    error_message = "Made all the same."
  }
}

run "errors_of_the_service_and_of_the_load_balancer_count" {
  assert {
    condition = strcontains(
      google_monitoring_alert_policy.this["errors"].conditions[0].condition_prometheus_query_language[0].query,
      "loadbalancing_googleapis_com:https_request_count{monitored_resource=\"https_lb_rule\",url_map_name=\"test\",response_code_class=\"500\"}"
    )
    error_message = "As the load balancer counts them, also those it gives in the service's place."
  }
}

run "load_is_that_of_this_service_in_this_region" {
  assert {
    condition = alltrue([
      for kind in ["cpu", "memory"] :
      strcontains(
        google_monitoring_alert_policy.this[kind].conditions[0].condition_prometheus_query_language[0].query,
        "container_${kind}_utilizations_sum{monitored_resource=\"cloud_run_revision\",service_name=\"test\",location=\"us-central1\"}"
      )
    ])
    error_message = "By name and region."
  }
}

run "alerts_can_be_made_before_the_first_request" {
  assert {
    condition = alltrue([
      for policy in values(google_monitoring_alert_policy.this) :
      policy.conditions[0].condition_prometheus_query_language[0].disable_metric_validation
    ])
    error_message = "Google refuses a metric that has no point yet."
  }
}

run "the_public_address_is_asked_from_outside_and_must_answer_200" {
  assert {
    condition = (
      google_monitoring_uptime_check_config.this.monitored_resource[0].labels == tomap({ project_id = "test-project", host = "203.0.113.10" })
      && google_monitoring_uptime_check_config.this.http_check[0].path == "/now"
      && google_monitoring_uptime_check_config.this.http_check[0].port == 80
      && !google_monitoring_uptime_check_config.this.http_check[0].use_ssl
    )
    error_message = "GET /now on port 80."
  }
  assert {
    condition     = one(google_monitoring_uptime_check_config.this.http_check[0].accepted_response_status_codes).status_value == 200
    error_message = "Exactly 200: a redirect or an error page is no service."
  }
  assert {
    condition = strcontains(
      google_monitoring_alert_policy.unreachable.conditions[0].condition_threshold[0].filter,
      "metric.label.check_id=\"test-from-outside-1\""
    )
    error_message = "The alert is about this check."
  }
}

run "a_new_load_balancer_has_eight_minutes_to_answer" {
  assert {
    condition     = google_monitoring_alert_policy.unreachable.conditions[0].condition_threshold[0].duration == "480s"
    error_message = "A first deployment must not ring."
  }
}

run "with_a_domain_it_is_asked_by_tls" {
  variables {
    url = "https://time.example.com"
  }
  assert {
    condition = (
      google_monitoring_uptime_check_config.this.http_check[0].port == 443
      && google_monitoring_uptime_check_config.this.http_check[0].use_ssl
      && google_monitoring_uptime_check_config.this.http_check[0].validate_ssl
    )
    error_message = "An expired certificate is an outage."
  }
}

run "the_dashboard_shows_six_graphs_that_do_not_overlap" {
  assert {
    condition = (
      length(
        distinct([for tile in jsondecode(google_monitoring_dashboard.this.dashboard_json).mosaicLayout.tiles : "${try(tile.xPos, 0)},${try(tile.yPos, 0)}"])
      )
      == 7
    )
    error_message = "A heading and six graphs."
  }
  assert {
    condition     = strcontains(google_monitoring_dashboard.this.dashboard_json, "\"legendTemplate\":\"$${response_code_class}\"")
    error_message = "A line is named by its label, in the console's own syntax."
  }
  assert {
    condition = (
      output.dashboard_url
      == "https://console.cloud.google.com/monitoring/dashboards/builder/00000000-0000-0000-0000-000000000000?project=test-project"
    )
    error_message = "Where a person finds it."
  }
}
