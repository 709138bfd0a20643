resource "aws_ecs_cluster" "this" {
  # checkov:skip=CKV_AWS_65:the alarms need CPU and memory only, which are free; Container Insights bills some 20 metrics at 0.30 USD
  name = var.name

  setting {
    name  = "containerInsights"
    value = "disabled"
  }
}

locals {
  # A JVM is ready within seconds; the first check after that must not count against a slow zone.
  health_check_grace_seconds = 60
}

resource "aws_ecs_service" "stable" {
  # checkov:skip=CKV_AWS_332:1.4.0 is the newest for Linux and patched by AWS; a newer one is to come by a change, not by itself
  name            = "${var.name}-stable"
  cluster         = aws_ecs_cluster.this.id
  task_definition = aws_ecs_task_definition.this["stable"].arn
  desired_count   = var.instances.min

  launch_type                       = "FARGATE"
  platform_version                  = "1.4.0"
  availability_zone_rebalancing     = "ENABLED"
  health_check_grace_period_seconds = local.health_check_grace_seconds
  enable_execute_command            = false
  enable_ecs_managed_tags           = true
  propagate_tags                    = "SERVICE"

  # New tasks stand before old ones go, and a deployment that does not get up is taken back.
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  wait_for_steady_state              = true

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.private_subnet_ids
    security_groups  = [aws_security_group.this.id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = var.entry.target_groups["stable"].arn
    container_name   = local.container
    container_port   = var.entry.ports.service
  }

  timeouts {
    # Three failed starts, each with its grace period, come before the breaker's verdict.
    create = "30m"
    update = "30m"
  }

  lifecycle {
    # Autoscaling moves it.
    ignore_changes = [desired_count]

    # The breaker's rollback leaves a service that is steady, and not what was asked for.
    postcondition {
      condition     = self.task_definition == aws_ecs_task_definition.this["stable"].arn
      error_message = "The new tasks did not become healthy and ECS went back to ${self.task_definition}. The log group ${local.log_group} and the service's events say why: aws ecs describe-services --cluster ${var.name} --services ${var.name}-stable."
    }
  }

  depends_on = [aws_vpc_security_group_ingress_rule.service, aws_vpc_security_group_egress_rule.service, aws_iam_role_policy.log]
}
