locals {
  # Maps the title of each graph to its queries, by the name of their line; the console fills in ${…}:
  # https://cloud.google.com/monitoring/api/ref_v3/rest/v1/projects.dashboards#dataset
  graphs = {
    "1 Requests a second" = {
      all = "sum(rate(${local.requests}[5m]))"
    }
    "2 Responses of 400 and above a second" = {
      "$${response_code_class}" = join("", [
        "sum by (response_code_class) (rate(loadbalancing_googleapis_com:https_request_count",
        "{${local.balancer},response_code_class=~\"400|500\"}[5m]))",
      ])
    }
    "3 Response time, milliseconds" = {
      for percent in [50, 99] : "p${percent}" => "histogram_quantile(${percent / 100}, sum by (le) (rate(${local.latency}[5m])))"
    }
    "4 Instances by revision" = {
      "$${revision_name} $${state}" = "sum by (revision_name, state) (run_googleapis_com:container_instance_count{${local.service}})"
    }
    "5 Load in percent" = {
      for kind, query in local.load : kind => "100 * ${query}"
    }
    "6 Successful checks of the probe in an hour" = {
      OK = join("", [
        "sum(increase(run_googleapis_com:job_completed_execution_count",
        "{monitored_resource=\"cloud_run_job\",job_name=\"${var.name}-probe\",result=\"succeeded\"}[1h]))",
      ])
    }
  }
}

resource "google_monitoring_dashboard" "this" {
  dashboard_json = jsonencode({
    displayName = var.name
    mosaicLayout = {
      columns = 48
      tiles = concat(
        # Google's responses omit a position of zero, which the provider would take for a change:
        # https://github.com/hashicorp/terraform-provider-google/issues/24650
        [{
          width  = 48
          height = 4
          widget = { title = var.name, text = { content = "Serves [${var.url}](${var.url})", format = "MARKDOWN" } }
        }],
        [for index, title in keys(local.graphs) : merge(
          index % 3 == 0 ? {} : { xPos = 16 * (index % 3) },
          {
            yPos   = 4 + 16 * floor(index / 3)
            width  = 16
            height = 16
            widget = {
              title = substr(title, 2, -1)
              xyChart = {
                dataSets = [for legend, query in local.graphs[title] : {
                  timeSeriesQuery = { prometheusQuery = query }
                  plotType        = "LINE"
                  legendTemplate  = legend
                }]
              }
            }
          },
        )]
      )
    }
  })
}
