locals {
  # The window is one run plus the longest start and the longest way of a point into Cloud Monitoring: while all is
  # well, it always contains an OK. Two more runs without one are an outage. By then a new probe has had its first two,
  # and a rate needs both.
  minutes = { window = var.every_minutes + 5, duration = 2 * var.every_minutes + 5 }
  ok = "run_googleapis_com:job_completed_execution_count{${join(",", [for label, value in {
    monitored_resource = "cloud_run_job"
    job_name           = google_cloud_run_v2_job.this.name
    location           = local.region
    result             = "succeeded"
  } : "${label}=\"${value}\""])}}"
}

# One alert covers a service that is down or has the wrong time, and a probe that does not run. An alert on absence
# would never fire for a probe that never ran, hence the zero if there is no data.
resource "google_monitoring_alert_policy" "this" {
  display_name          = "${var.name} probe"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = var.channel == null ? [] : [var.channel]

  conditions {
    display_name = "probe"

    condition_prometheus_query_language {
      query               = "(sum(increase(${local.ok}[${local.minutes.window}m])) or vector(0)) < 1"
      duration            = "${60 * local.minutes.duration}s"
      evaluation_interval = "60s"
      # Google knows a metric only after its first point, which is written after this.
      disable_metric_validation = true
    }
  }

  alert_strategy {
    auto_close           = "1800s"
    notification_prompts = ["OPENED", "CLOSED"]
  }

  documentation {
    mime_type = "text/markdown"
    content = join(" ", [
      "No check of ${var.url} succeeded for ${local.minutes.window + local.minutes.duration} minutes: the service is down, its clock is wrong by more",
      "than a second, or the probe does not run.",
      "Its log: gcloud run jobs executions list --job ${local.job} --region ${local.region}",
    ])
  }
}
