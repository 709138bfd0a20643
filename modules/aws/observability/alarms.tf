locals {
  # …:service/CLUSTER/SERVICE
  service       = { ClusterName = split("/", var.service_id)[1], ServiceName = split("/", var.service_id)[2] }
  load_balancer = { LoadBalancer = var.edge_id }
  # On a shared load balancer, the metrics of the service's own target groups; responses that the load balancer gives in
  # their place raise the platform's alarm.
  shared = var.entry.host != null
  groups = { for key, group in var.entry.target_groups : key => merge(local.load_balancer, { TargetGroup = group.metric }) }
  counted = local.shared ? merge([for key, dimensions in local.groups : {
    "service_${key}"  = { metric = "HTTPCode_Target_5XX_Count", dimensions = dimensions }
    "requests_${key}" = { metric = "RequestCount", dimensions = dimensions }
    }]...) : {
    for key, metric in { service = "HTTPCode_Target_5XX_Count", balancer = "HTTPCode_ELB_5XX_Count", requests = "RequestCount" } :
    key => { metric = metric, dimensions = local.load_balancer }
  }
  failed = join(", ", [for key in keys(local.counted) : key if !startswith(key, "requests")])
  asked  = join(", ", [for key in keys(local.counted) : key if !startswith(key, "service")])
}

# Responses with status 500 or above, from the service or from the load balancer in its place.
resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${var.name}-errors"
  alarm_description   = "More than 1 percent of the responses, and at least 5 in five minutes, had status 500 or above. Log: /meridian/${var.name}/service"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 1
  evaluation_periods  = 1
  # Without requests there are no errors.
  treat_missing_data = "notBreaching"
  alarm_actions      = [var.channel]
  ok_actions         = [var.channel]

  metric_query {
    id    = "percent"
    label = "Answers of 500 and above, percent"
    # SUM skips metrics without a value. The load balancer counts a request without a chosen target only among its own
    # errors: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
    expression = local.shared ? (
      "IF(SUM([${local.failed}]) >= 5, 100 * SUM([${local.failed}]) / SUM([${local.asked}]), 0)"
    ) : "IF(SUM([service, balancer]) >= 5, 100 * SUM([service, balancer]) / SUM([requests, balancer]), 0)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.counted

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/ApplicationELB"
        metric_name = metric_query.value.metric
        dimensions  = metric_query.value.dimensions
        period      = 300
        stat        = "Sum"
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "unhealthy" {
  for_each = local.groups

  alarm_name          = "${var.name}-unhealthy-${each.key}"
  alarm_description   = "For 3 minutes, at least one instance of ${each.key} failed the load balancer's health check."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "UnHealthyHostCount"
  dimensions          = each.value
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  # No canary, no data.
  treat_missing_data = "notBreaching"
  alarm_actions      = [var.channel]
  ok_actions         = [var.channel]
}

resource "aws_cloudwatch_metric_alarm" "latency" {
  alarm_name          = "${var.name}-latency"
  alarm_description   = "One response in a hundred took longer than a second, for 3 minutes."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  dimensions          = local.shared ? local.groups["stable"] : local.load_balancer
  extended_statistic  = "p99"
  period              = 60
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  # With only a few requests, the slowest one would be the p99.
  evaluate_low_sample_count_percentiles = "ignore"
  alarm_actions                         = [var.channel]
  ok_actions                            = [var.channel]
}

# Autoscaling keeps both near 80. Above 90 for ten minutes, it is at its maximum or cannot keep up.
resource "aws_cloudwatch_metric_alarm" "load" {
  for_each = { cpu = "CPUUtilization", memory = "MemoryUtilization" }

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "${each.value} above 90 percent for ten minutes: autoscaling is at instances.max or cannot follow."
  namespace           = "AWS/ECS"
  metric_name         = each.value
  dimensions          = local.service
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 10
  comparison_operator = "GreaterThanThreshold"
  threshold           = 90
  # In its first minutes a service has neither metric; the probe reports a service that is missing.
  treat_missing_data = "missing"
  alarm_actions      = [var.channel]
  ok_actions         = [var.channel]
}
