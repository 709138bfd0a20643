mock_provider "aws" {
  source = "./.."
}

variables {
  name       = "test"
  service_id = "arn:aws:ecs:us-east-1:123456789012:service/cluster-of-test/test-stable"
  edge_id    = "app/test/0123456789abcdef"
  entry = {
    target_groups = {
      stable = { arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/test-stable/0123456789abcdef", metric = "targetgroup/test-stable/0123456789abcdef" }
      canary = { arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/test-canary/fedcba9876543210", metric = "targetgroup/test-canary/fedcba9876543210" }
    }
  }
  url     = "http://test-1.us-east-1.elb.amazonaws.com"
  channel = "arn:aws:sns:us-east-1:123456789012:test-alarms"
}

run "every_alarm_tells_somebody_also_when_it_is_over" {
  assert {
    condition     = alltrue([for alarm in concat([aws_cloudwatch_metric_alarm.errors, aws_cloudwatch_metric_alarm.latency], values(aws_cloudwatch_metric_alarm.unhealthy), values(aws_cloudwatch_metric_alarm.load)) : alarm.alarm_actions == toset([var.channel]) && alarm.ok_actions == toset([var.channel])])
    error_message = "All of them, to the channel."
  }
}

run "errors_of_the_service_and_of_the_load_balancer_count" {
  assert {
    condition     = toset(flatten([for query in aws_cloudwatch_metric_alarm.errors.metric_query : [for metric in query.metric : metric.metric_name]])) == toset(["HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count", "RequestCount"])
    error_message = "Also 502 and 503, which the load balancer gives in the service's place."
  }
}

run "unready_instances_are_seen_in_both_target_groups" {
  assert {
    condition     = { for key, alarm in aws_cloudwatch_metric_alarm.unhealthy : key => alarm.dimensions } == { stable = tomap({ LoadBalancer = "app/test/0123456789abcdef", TargetGroup = "targetgroup/test-stable/0123456789abcdef" }), canary = tomap({ LoadBalancer = "app/test/0123456789abcdef", TargetGroup = "targetgroup/test-canary/fedcba9876543210" }) }
    error_message = "Stable and canary, each with its load balancer."
  }
}

run "load_is_that_of_the_stable_service" {
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.load : alarm.dimensions == tomap({ ClusterName = "cluster-of-test", ServiceName = "test-stable" })])
    error_message = "Cluster and service as the ARN names them."
  }
}

run "the_dashboard_shows_six_graphs_that_do_not_overlap" {
  assert {
    condition     = length(distinct([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : "${widget.x},${widget.y}"])) == 7
    error_message = "A heading and six graphs."
  }
}
