mock_provider "google" {
  source = "./.."
}

variables {
  backend    = null
  name       = "test"
  place      = { project = "test-project", region = "us-central1" }
  service_id = "projects/test-project/locations/us-central1/services/test"
  edge_id    = "test"
  url        = "http://203.0.113.10"
  channel    = "projects/test-project/notificationChannels/1"
  service    = { meridian = true, check = { path = "/now", status = 200 } }
}

run "with_the_variables_above" {
  assert {
    condition = alltrue([
      for policy in concat([google_monitoring_alert_policy.unreachable], values(google_monitoring_alert_policy.this)) :
      policy.notification_channels == tolist([var.channel]) && policy.alert_strategy[0].notification_prompts == tolist(["OPENED", "CLOSED"])
    ])
    error_message = "Every alert must notify the channel when it starts and when it ends."
  }
  assert {
    condition     = keys(google_monitoring_alert_policy.this) == ["cpu", "errors", "latency", "memory"]
    error_message = "There must be alerts for errors, latency, CPU and memory."
  }
  assert {
    condition = strcontains(
      google_monitoring_alert_policy.this["errors"].conditions[0].condition_prometheus_query_language[0].query,
      "loadbalancing_googleapis_com:https_request_count{monitored_resource=\"https_lb_rule\",url_map_name=\"test\",response_code_class=\"500\"}"
    )
    error_message = "Errors must be counted at the load balancer, so that its own errors are included."
  }
  assert {
    condition = alltrue([
      for kind in ["cpu", "memory"] :
      strcontains(
        google_monitoring_alert_policy.this[kind].conditions[0].condition_prometheus_query_language[0].query,
        "container_${kind}_utilizations_sum{monitored_resource=\"cloud_run_revision\",service_name=\"test\",location=\"us-central1\"}"
      )
    ])
    error_message = "CPU and memory must be those of this service in this region."
  }
  assert {
    condition = alltrue([
      for policy in values(google_monitoring_alert_policy.this) :
      policy.conditions[0].condition_prometheus_query_language[0].disable_metric_validation
    ])
    error_message = "Metric validation must be off: Google refuses an alert on a metric without data, as before the first request."
  }
  assert {
    condition = (
      google_monitoring_uptime_check_config.this.monitored_resource[0].labels == tomap({ project_id = "test-project", host = "203.0.113.10" })
      && google_monitoring_uptime_check_config.this.http_check[0].path == "/now"
      && google_monitoring_uptime_check_config.this.http_check[0].port == 80
      && !google_monitoring_uptime_check_config.this.http_check[0].use_ssl
    )
    error_message = "The check must request /now on port 80 of the public address."
  }
  assert {
    condition     = google_monitoring_uptime_check_config.this.content_matchers[0].content == "\"now\""
    error_message = "The response must contain the time."
  }
  assert {
    condition     = one(google_monitoring_uptime_check_config.this.http_check[0].accepted_response_status_codes).status_value == 200
    error_message = "Only 200 may count: a redirect or an error page is an outage."
  }
  assert {
    condition = strcontains(
      google_monitoring_alert_policy.unreachable.conditions[0].condition_threshold[0].filter,
      "metric.label.check_id=\"test-from-outside-1\""
    )
    error_message = "The alert must watch this check."
  }
  assert {
    condition     = google_monitoring_alert_policy.unreachable.conditions[0].condition_threshold[0].duration == "480s"
    error_message = "The alert must wait for eight minutes, so that a first deployment with a new load balancer does not trigger it."
  }
  assert {
    condition = (
      length(
        distinct([for tile in jsondecode(google_monitoring_dashboard.this.dashboard_json).mosaicLayout.tiles : "${try(tile.xPos, 0)},${try(tile.yPos, 0)}"])
      )
      == 7
    )
    error_message = "The dashboard must have a heading and six graphs that do not overlap."
  }
  assert {
    condition     = strcontains(google_monitoring_dashboard.this.dashboard_json, "\"legendTemplate\":\"$${response_code_class}\"")
    error_message = "The legend must name lines by their label, in the console's own syntax."
  }
  assert {
    condition = (
      output.dashboard_url
      == "https://console.cloud.google.com/monitoring/dashboards/builder/00000000-0000-0000-0000-000000000000?project=test-project"
    )
    error_message = "The URL must lead to the dashboard in the console."
  }
}

run "without_a_channel_alerts_show_in_the_console" {
  variables {
    channel = null
  }
  assert {
    condition     = alltrue([for policy in values(google_monitoring_alert_policy.this) : length(policy.notification_channels) == 0])
    error_message = "Without a channel alerts must notify nobody."
  }
}

run "with_a_domain_the_check_uses_tls" {
  variables {
    url = "https://time.example.com"
  }
  assert {
    condition = (
      google_monitoring_uptime_check_config.this.http_check[0].port == 443
      && google_monitoring_uptime_check_config.this.http_check[0].use_ssl
      && google_monitoring_uptime_check_config.this.http_check[0].validate_ssl
    )
    error_message = "With a domain the check must use TLS and validate the certificate: an expired one is an outage."
  }
}

run "a_service_is_checked_at_its_own_path" {
  variables {
    service = { meridian = false, check = { path = "/login", status = 302 } }
  }
  assert {
    condition = (
      google_monitoring_uptime_check_config.this.http_check[0].path == "/login"
      && one(google_monitoring_uptime_check_config.this.http_check[0].accepted_response_status_codes).status_value == 302
      && length(google_monitoring_uptime_check_config.this.content_matchers) == 0
      && strcontains(google_monitoring_alert_policy.unreachable.documentation[0].content, "no 302 from http://203.0.113.10/login")
    )
    error_message = "The check must use the given path and status, and must not look for the time, which only Meridian reports."
  }
}

run "on_a_shared_load_balancer_only_its_own_backend_counts" {
  command = plan
  variables {
    backend = "stg-orders"
  }
  assert {
    condition = alltrue([
      for key in ["errors", "latency"] :
      length(regexall("https_[a-z_]+\\{", google_monitoring_alert_policy.this[key].conditions[0].condition_prometheus_query_language[0].query)) ==
      length(regexall("backend_target_name=\"stg-orders\"", google_monitoring_alert_policy.this[key].conditions[0].condition_prometheus_query_language[0].query))
    ])
    error_message = "Another service's trouble must not trigger this service's alerts."
  }
}
