locals {
  channels = var.channel == null ? [] : [var.channel]
  # Selects our time series.
  balancer = join("", [
    "monitored_resource=\"https_lb_rule\",url_map_name=\"${var.edge_id}\"",
    var.backend == null ? "" : ",backend_target_name=\"${var.backend}\"",
  ])
  service = "monitored_resource=\"cloud_run_revision\",service_name=\"${basename(var.service_id)}\",location=\"${split("/", var.service_id)[3]}\""

  requests = "loadbalancing_googleapis_com:https_request_count{${local.balancer}}"
  failures = "loadbalancing_googleapis_com:https_request_count{${local.balancer},response_code_class=\"500\"}"
  latency  = "loadbalancing_googleapis_com:https_total_latencies_bucket{${local.balancer}}"
  # Averages of distributions, from 0 to 1.
  load = { for kind in ["cpu", "memory"] : kind => join(" / ", [
    for part in ["sum", "count"] : "sum(rate(run_googleapis_com:container_${kind}_utilizations_${part}{${local.service}}[5m]))"
  ]) }

  # Without requests there are no errors: nothing to compare, and nothing fires. Ten minutes, because the load
  # balancer's points are up to 210 seconds late, and a rate needs two of them:
  # https://cloud.google.com/monitoring/api/metrics_gcp_i_o#gcp-loadbalancing
  alerts = {
    errors = {
      severity = "CRITICAL"
      minutes  = 0
      query = join(" and ", [
        "100 * sum(increase(${local.failures}[10m])) / sum(increase(${local.requests}[10m])) > 1",
        "sum(increase(${local.failures}[10m])) >= 5",
      ])
      text = "More than 1 percent of the answers, and at least 5 in ten minutes, were 500 or above, given by the service or the load balancer."
    }
    latency = {
      severity = "WARNING"
      minutes  = 3
      query    = "histogram_quantile(0.99, sum by (le) (rate(${local.latency}[10m]))) > 1000"
      text     = "One response in a hundred took longer than a second, for 3 minutes."
    }
    # Cloud Run adds instances at 60 percent of CPU. Above 90 for ten minutes, it is at its maximum or cannot keep up.
    # It does not watch memory at all.
    cpu = {
      severity = "WARNING"
      minutes  = 10
      query    = "${local.load.cpu} > 0.9"
      text     = "CPU above 90 percent for ten minutes: scaling is at instances.max or cannot follow."
    }
    memory = {
      severity = "WARNING"
      minutes  = 10
      query    = "${local.load.memory} > 0.9"
      text     = "Memory above 90 percent for ten minutes: Cloud Run ends an instance that needs more than it has."
    }
  }
}

# 0.10 USD a month for each, and 0.35 per million time series read:
# https://cloud.google.com/stackdriver/pricing#monitoring-costs
resource "google_monitoring_alert_policy" "this" {
  for_each = local.alerts

  display_name          = "${var.name} ${each.key}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.channels

  conditions {
    display_name = each.key

    condition_prometheus_query_language {
      query               = each.value.query
      duration            = "${60 * each.value.minutes}s"
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
    content   = "${each.value.text} [${var.url}](${var.url})"
  }
}
