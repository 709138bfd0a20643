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
    error_message = "The service's own probe must check the public address every five minutes."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this.threshold == 1 && aws_cloudwatch_metric_alarm.this.comparison_operator == "LessThanThreshold" && aws_cloudwatch_metric_alarm.this.evaluation_periods == 2
    error_message = "The alarm must go off with fewer than one OK in each of two periods, which covers a failing service and a silent probe."
  }
  assert {
    condition     = strcontains(aws_cloudwatch_metric_alarm.this.alarm_description, "for 10 minutes")
    error_message = "The alarm's description must say how long that is."
  }
  assert {
    condition = [for query in aws_cloudwatch_metric_alarm.this.metric_query : "${one(query.metric).namespace} ${one(query.metric).metric_name}" if query.id == "ok"] == [
      "${aws_cloudwatch_log_metric_filter.ok.metric_transformation[0].namespace} ${aws_cloudwatch_log_metric_filter.ok.metric_transformation[0].name}"
    ]
    error_message = "The alarm must count what the filter finds."
  }
  assert {
    condition     = aws_cloudwatch_log_metric_filter.ok.pattern == "{ $.probe = \"OK\" }" && aws_cloudwatch_metric_alarm.this.alarm_actions == toset(["arn:aws:sns:us-east-1:123456789012:test-alarms"])
    error_message = "The filter must find OK, and the alarm must notify the channel."
  }
  assert {
    condition     = !aws_scheduler_schedule.this.target[0].ecs_parameters[0].network_configuration[0].assign_public_ip && length(aws_security_group.this.ingress) == 0
    error_message = "The probe must have no public address and let nothing in."
  }
  assert {
    condition     = aws_ecs_task_definition.this.task_role_arn == null
    error_message = "The probe must have no task role: it speaks HTTP and needs nothing from AWS."
  }
  assert {
    condition = alltrue([
      for containers in [jsondecode(aws_ecs_task_definition.this.container_definitions)] :
      containers[1].dependsOn == [{ containerName = "probe", condition = "HEALTHY" }] &&
      containers[0].startTimeout < containers[0].healthCheck.interval
    ])
    error_message = "Each run must end within its limit: the container that waits for the probe gives up before the first health check."
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.schedule.policy).Statement[0] == { Effect = "Allow", Action = "ecs:RunTask", Resource = ["arn:aws:ecs:us-east-1:123456789012:task-definition/test-probe", "arn:aws:ecs:us-east-1:123456789012:task-definition/test-probe:*"], Condition = { ArnEquals = { "ecs:cluster" = "arn:aws:ecs:us-east-1:123456789012:cluster/test" } } }
    error_message = "The schedule must start only this task definition, and only on this cluster."
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.schedule.policy).Statement[1].Resource == "arn:aws:iam::123456789012:role/test-execution"
    error_message = "The schedule must pass the execution role only."
  }
  assert {
    condition     = aws_scheduler_schedule.this.target[0].ecs_parameters[0].task_definition_arn == aws_ecs_task_definition.this.arn
    error_message = "The schedule must run one revision, not the family: its newest revision may be an image that never served."
  }
}

run "every_60_minutes_runs_on_the_hour" {
  variables {
    every_minutes = 60
  }
  assert {
    condition     = aws_scheduler_schedule.this.schedule_expression == "cron(0 * * * ? *)" && one([for query in aws_cloudwatch_metric_alarm.this.metric_query : one(query.metric).period if query.id == "ok"]) == 3600
    error_message = "The schedule must be on the hour, because 0/60 is not a valid minute."
  }
}
