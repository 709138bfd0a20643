data "aws_region" "current" {}

locals {
  balancer = ["LoadBalancer", var.edge_id]
  # Whose responses are counted: the load balancer's, or on a shared one those of the service's own target groups.
  answering = local.shared ? {
    for key, group in var.entry.target_groups : key => concat(["TargetGroup", group.metric], local.balancer)
  } : { all = local.balancer }
  tasks = ["ClusterName", local.service.ClusterName, "ServiceName", local.service.ServiceName]

  # Maps the title of each graph to its metrics.
  graphs = {
    "1 Requests a minute" = [
      for group in values(var.entry.target_groups) :
      concat(["AWS/ApplicationELB", "RequestCount", "TargetGroup", group.metric], local.balancer, [{ stat = "Sum" }])
    ]
    "2 Responses of 400 and above a minute" = [
      for pair in setproduct(local.shared ? ["HTTPCode_Target_4XX_Count", "HTTPCode_Target_5XX_Count"] : [
        "HTTPCode_Target_4XX_Count", "HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count",
      ], keys(local.answering)) :
      concat(["AWS/ApplicationELB", pair[0]], local.answering[pair[1]], [{ stat = "Sum" }])
    ]
    "3 Response time, seconds" = [
      for pair in setproduct(["p50", "p99"], keys(local.answering)) :
      concat(["AWS/ApplicationELB", "TargetResponseTime"], local.answering[pair[1]], [{
        stat = pair[0], label = local.shared ? "${pair[0]} ${pair[1]}" : pair[0]
      }])
    ]
    "4 Instances ready" = [
      for group in values(var.entry.target_groups) :
      concat(["AWS/ApplicationELB", "HealthyHostCount", "TargetGroup", group.metric], local.balancer, [{ stat = "Minimum" }])
    ]
    "5 Load in percent" = [
      for metric in ["CPUUtilization", "MemoryUtilization"] : concat(["AWS/ECS", metric], local.tasks, [{ stat = "Average" }])
    ]
    "6 Successful checks of the probe" = [["Meridian/${var.name}", "ProbeOK", { stat = "Sum" }]]
  }
}

# Three dashboards are free, each further one 3 USD a month: https://aws.amazon.com/cloudwatch/pricing/
resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name

  dashboard_body = jsonencode({
    widgets = concat(
      [{
        type       = "text"
        x          = 0
        y          = 0
        width      = 24
        height     = 1
        properties = { markdown = "**${var.name}** serves [${var.url}](${var.url})" }
      }],
      [for index, title in keys(local.graphs) : {
        type   = "metric"
        x      = 8 * (index % 3)
        y      = 1 + 6 * floor(index / 3)
        width  = 8
        height = 6
        properties = {
          title   = substr(title, 2, -1)
          metrics = local.graphs[title]
          region  = data.aws_region.current.id
          period  = 60
          view    = "timeSeries"
        }
      }]
    )
  })
}
