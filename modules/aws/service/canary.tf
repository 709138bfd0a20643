# A second service of fixed size, big enough for its part of the load at the stable one's maximum.
resource "aws_ecs_service" "canary" {
  # checkov:skip=CKV_AWS_332:the same as the stable service
  count = var.canary == null ? 0 : 1

  name            = "${var.name}-canary"
  cluster         = aws_ecs_cluster.this.id
  task_definition = aws_ecs_task_definition.this["canary"].arn
  desired_count   = max(1, ceil(var.instances.max * var.canary.percent / 100))

  launch_type                       = "FARGATE"
  platform_version                  = "1.4.0"
  availability_zone_rebalancing     = "ENABLED"
  health_check_grace_period_seconds = local.health_check_grace_seconds
  enable_execute_command            = false
  enable_ecs_managed_tags           = true
  propagate_tags                    = "SERVICE"

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
    target_group_arn = var.entry.target_groups["canary"].arn
    container_name   = local.container
    container_port   = var.entry.ports.service
  }

  timeouts {
    create = "30m"
    update = "30m"
  }

  lifecycle {
    # Terraform takes away first and changes afterwards, unless this is set: with it, the weights
    # move before their target group loses its tasks, and nobody gets a 503.
    create_before_destroy = true

    postcondition {
      condition     = self.task_definition == aws_ecs_task_definition.this["canary"].arn
      error_message = "The canary's tasks did not become healthy and ECS went back to ${self.task_definition}. No request has reached it. The log group ${local.log_group} says why."
    }
  }

  depends_on = [aws_vpc_security_group_ingress_rule.service, aws_vpc_security_group_egress_rule.service, aws_iam_role_policy.log]
}

# Every request passes this rule. It changes only after both services are steady.
resource "aws_lb_listener_rule" "weights" {
  listener_arn = var.entry.listener_arn
  priority     = 100

  condition {
    path_pattern {
      values = ["/*"]
    }
  }

  action {
    type = "forward"

    forward {
      target_group {
        arn    = var.entry.target_groups["stable"].arn
        weight = var.canary == null ? 100 : 100 - var.canary.percent
      }

      target_group {
        arn    = var.entry.target_groups["canary"].arn
        weight = var.canary == null ? 0 : var.canary.percent
      }

      # Each request is drawn anew; the service keeps no sessions.
      stickiness {
        enabled  = false
        duration = 1
      }
    }
  }

  depends_on = [aws_ecs_service.stable, aws_ecs_service.canary]
}
