mock_provider "aws" {
  source = "./.."
}

variables {
  name       = "test"
  service_id = "arn:aws:ecs:us-east-1:123456789012:service/cluster-of-test/test-stable"
  edge_id    = "app/test/0123456789abcdef"
  entry = {
    host = null
    target_groups = {
      stable = { arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/test-stable/0123456789abcdef", metric = "targetgroup/test-stable/0123456789abcdef" }
      canary = { arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/test-canary/fedcba9876543210", metric = "targetgroup/test-canary/fedcba9876543210" }
    }
  }
  url     = "http://test-1.us-east-1.elb.amazonaws.com"
  channel = "arn:aws:sns:us-east-1:123456789012:test-alarms"
}

run "with_the_variables_above" {
  assert {
    condition     = alltrue([for alarm in concat([aws_cloudwatch_metric_alarm.errors, aws_cloudwatch_metric_alarm.latency], values(aws_cloudwatch_metric_alarm.unhealthy), values(aws_cloudwatch_metric_alarm.load)) : alarm.alarm_actions == toset([var.channel]) && alarm.ok_actions == toset([var.channel])])
    error_message = "Every alarm must notify the channel when it starts and when it ends."
  }
  assert {
    condition     = toset(flatten([for query in aws_cloudwatch_metric_alarm.errors.metric_query : [for metric in query.metric : metric.metric_name]])) == toset(["HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count", "RequestCount"])
    error_message = "Errors of the service and of the load balancer must count: the load balancer itself sends 502 and 503."
  }
  assert {
    condition     = { for key, alarm in aws_cloudwatch_metric_alarm.unhealthy : key => alarm.dimensions } == { stable = tomap({ LoadBalancer = "app/test/0123456789abcdef", TargetGroup = "targetgroup/test-stable/0123456789abcdef" }), canary = tomap({ LoadBalancer = "app/test/0123456789abcdef", TargetGroup = "targetgroup/test-canary/fedcba9876543210" }) }
    error_message = "Unhealthy instances must be counted in both target groups, stable and canary, each with its load balancer."
  }
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.load : alarm.dimensions == tomap({ ClusterName = "cluster-of-test", ServiceName = "test-stable" })])
    error_message = "The load alarms must watch the stable service, by the cluster and service that its ARN names."
  }
  assert {
    condition     = length(distinct([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : "${widget.x},${widget.y}"])) == 7
    error_message = "The dashboard must have a heading and six graphs that do not overlap."
  }
}

run "on_a_shared_load_balancer_only_its_own_responses_count" {
  variables {
    entry = {
      host = "orders.staging.example.com"
      target_groups = {
        stable = { arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/test-stable/0123456789abcdef", metric = "targetgroup/test-stable/0123456789abcdef" }
        canary = { arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/test-canary/fedcba9876543210", metric = "targetgroup/test-canary/fedcba9876543210" }
      }
    }
  }
  assert {
    condition     = alltrue(flatten([for query in aws_cloudwatch_metric_alarm.errors.metric_query : [for metric in query.metric : can(metric.dimensions.TargetGroup)]])) && can(aws_cloudwatch_metric_alarm.latency.dimensions.TargetGroup)
    error_message = "Another service's responses must not trigger this service's alarms."
  }
  assert {
    condition     = one([for query in aws_cloudwatch_metric_alarm.errors.metric_query : query.expression if query.expression != null]) == "IF(SUM([service_canary, service_stable]) >= 5, 100 * SUM([service_canary, service_stable]) / SUM([requests_canary, requests_stable]), 0)"
    error_message = "A canary's errors must count with the stable service's, relative to the requests of both."
  }
  assert {
    condition = alltrue(flatten([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : [
      for metric in try(widget.properties.metrics, []) : contains(metric, "TargetGroup") if metric[0] == "AWS/ApplicationELB"
    ]]))
    error_message = "The dashboard must show only this service's own responses."
  }
}
