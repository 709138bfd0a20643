locals {
  tls = startswith(var.url, "https://")
}

# What the world sees, from at least three continents. A million checks a month are free; this makes 260,000:
# https://cloud.google.com/stackdriver/pricing
resource "google_monitoring_uptime_check_config" "this" {
  display_name       = "${var.name} from outside"
  period             = "60s"
  timeout            = "10s"
  checker_type       = "STATIC_IP_CHECKERS"
  log_check_failures = true

  monitored_resource {
    type   = "uptime_url"
    labels = { project_id = var.place.project, host = split("://", var.url)[1] }
  }

  http_check {
    request_method = "GET"
    path           = var.service.check.path
    port           = local.tls ? 443 : 80
    use_ssl        = local.tls
    validate_ssl   = local.tls

    accepted_response_status_codes {
      status_value = var.service.check.status
    }
  }

  # Meridian's time, if that is what is requested.
  dynamic "content_matchers" {
    for_each = var.service.meridian && var.service.check.path == "/now" ? ["\"now\""] : []

    content {
      content = content_matchers.value
      matcher = "CONTAINS_STRING"
    }
  }

  # Google deletes no check while an alert refers to it.
  lifecycle {
    create_before_destroy = true
  }
}

resource "google_monitoring_alert_policy" "unreachable" {
  display_name          = "${var.name} unreachable"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels

  conditions {
    display_name = "unreachable"

    condition_threshold {
      filter = join(" AND ", [
        "metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\"",
        "resource.type=\"uptime_url\"",
        "metric.label.check_id=\"${google_monitoring_uptime_check_config.this.uptime_check_id}\"",
      ])
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      # A new load balancer responds after 3 to 5 minutes, and a failed check counts for two more: a first deployment
      # raises no alarm.
      duration = "480s"

      # The number of locations without a good response.
      aggregations {
        alignment_period     = "120s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.label.project_id", "resource.label.host"]
      }

      trigger {
        count = 1
      }
    }
  }

  alert_strategy {
    auto_close           = "1800s"
    notification_prompts = ["OPENED", "CLOSED"]
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Two or more of Google's places in the world got no ${var.service.check.status} from ${var.url}${var.service.check.path} for eight minutes."
  }
}
