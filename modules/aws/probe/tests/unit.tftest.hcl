mock_provider "aws" {
  source = "./.."
}

variables {
  boundary      = "arn:aws:iam::123456789012:policy/test-boundary"
  name          = "test"
  image         = "example.com/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  url           = "http://test-1.us-east-1.elb.amazonaws.com"
  every_minutes = 5
  platform      = "arn:aws:ecs:us-east-1:123456789012:cluster/test"
  identity_id = {
    task      = "arn:aws:iam::123456789012:role/test-task"
    execution = "arn:aws:iam::123456789012:role/test-execution"
  }
  network_id         = "vpc-1"
  private_subnet_ids = ["subnet-1", "subnet-2"]
  channel            = "arn:aws:sns:us-east-1:123456789012:test-alarms"
}

run "with_the_variables_above" {
  assert {
    condition     = aws_iam_role.schedule.permissions_boundary == var.boundary
    error_message = "Every role must have the boundary: otherwise a deployer could create a role with more rights than its own."
  }
  assert {
    condition     = aws_scheduler_schedule.this.schedule_expression == "cron(0/5 * * * ? *)" && jsondecode(aws_ecs_task_definition.this.container_definitions)[0].command == ["probe", "--format", "json", "http://test-1.us-east-1.elb.amazonaws.com"]
    error_message = "The public address is checked every five minutes: by the service's own probe."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this.threshold == 1 && aws_cloudwatch_metric_alarm.this.comparison_operator == "LessThanThreshold" && aws_cloudwatch_metric_alarm.this.evaluation_periods == 2
    error_message = "One alarm for a failing service and a silent probe: fewer than one OK in each of two periods; tests/rehearsals tries it on series."
  }
  assert {
    condition     = strcontains(aws_cloudwatch_metric_alarm.this.alarm_description, "for 10 minutes")
    error_message = "And the description says how long that is."
  }
  assert {
    condition = [for query in aws_cloudwatch_metric_alarm.this.metric_query : "${one(query.metric).namespace} ${one(query.metric).metric_name}" if query.id == "ok"] == [
      "${aws_cloudwatch_log_metric_filter.ok.metric_transformation[0].namespace} ${aws_cloudwatch_log_metric_filter.ok.metric_transformation[0].name}"
    ]
    error_message = "The alarm must count what the filter finds."
  }
  assert {
    condition     = aws_cloudwatch_log_metric_filter.ok.pattern == "{ $.probe = \"OK\" }" && aws_cloudwatch_metric_alarm.this.alarm_actions == toset(["arn:aws:sns:us-east-1:123456789012:test-alarms"])
    error_message = "And tell somebody."
  }
  assert {
    condition     = !aws_scheduler_schedule.this.target[0].ecs_parameters[0].network_configuration[0].assign_public_ip && length(aws_security_group.this.ingress) == 0
    error_message = "Nobody reaches the probe and it has no rights: no address, no way in."
  }
  assert {
    condition     = aws_ecs_task_definition.this.task_role_arn == null
    error_message = "It speaks HTTP and needs nothing of AWS."
  }
  assert {
    condition = alltrue([
      for containers in [jsondecode(aws_ecs_task_definition.this.container_definitions)] :
      containers[1].dependsOn == [{ containerName = "probe", condition = "HEALTHY" }] &&
      containers[0].startTimeout < containers[0].healthCheck.interval
    ])
    error_message = "No run outlives its limit: what waits for the probe gives up before its health is asked for the first time."
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.schedule.policy).Statement[0] == { Effect = "Allow", Action = "ecs:RunTask", Resource = ["arn:aws:ecs:us-east-1:123456789012:task-definition/test-probe", "arn:aws:ecs:us-east-1:123456789012:task-definition/test-probe:*"], Condition = { ArnEquals = { "ecs:cluster" = "arn:aws:ecs:us-east-1:123456789012:cluster/test" } } }
    error_message = "The schedule starts this task on this cluster only: one definition, one cluster."
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.schedule.policy).Statement[1].Resource == "arn:aws:iam::123456789012:role/test-execution"
    error_message = "It passes the execution role and no other."
  }
  assert {
    condition     = aws_scheduler_schedule.this.target[0].ecs_parameters[0].task_definition_arn == aws_ecs_task_definition.this.arn
    error_message = "The schedule runs one revision which it leaves last: not the family, whose newest revision may be an image that never served."
  }
}

run "once_an_hour_is_at_the_full_hour" {
  variables {
    every_minutes = 60
  }
  assert {
    condition     = aws_scheduler_schedule.this.schedule_expression == "cron(0 * * * ? *)" && one([for query in aws_cloudwatch_metric_alarm.this.metric_query : one(query.metric).period if query.id == "ok"]) == 3600
    error_message = "0/60 is no minute."
  }
}
