locals {
  requests = "loadbalancing_googleapis_com:https_request_count{monitored_resource=\"https_lb_rule\",url_map_name=\"${module.edge.edge_id}\"%s}"
  all      = format(local.requests, "")
  # Responses that no service gave, because the host has none or its service is missing.
  failures = format(local.requests, ",response_code_class=\"500\",backend_target_type!=\"BACKEND_SERVICE\"")
}

# Responses of the load balancer itself; a service's alarms count only its own responses.
resource "google_monitoring_alert_policy" "errors" {
  display_name          = "${local.name} errors"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = module.alerts.channel == null ? [] : [module.alerts.channel]

  conditions {
    display_name = "errors"

    condition_prometheus_query_language {
      # Ten minutes, because a point is up to 210 seconds late, and a rate needs two of them:
      # https://cloud.google.com/monitoring/api/metrics_gcp_i_o#gcp-loadbalancing
      query = join(" and ", [
        "100 * sum(increase(${local.failures}[10m])) / sum(increase(${local.all}[10m])) > 1",
        "sum(increase(${local.failures}[10m])) >= 5",
      ])
      duration            = "0s"
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
    content   = "More than 1 percent of the answers, and at least 5 in ten minutes, were 500 or above and given by the load balancer itself."
  }
}
