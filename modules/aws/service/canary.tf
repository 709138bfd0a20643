# A second service, which has tasks only during a canary and costs nothing without them. It always exists, so that a
# canary only changes it: an interrupted creation would leave a duplicate behind.
resource "aws_ecs_service" "canary" {
  # checkov:skip=CKV_AWS_332:the same as the stable service
  name            = "${var.name}-canary"
  cluster         = aws_ecs_cluster.this.id
  task_definition = aws_ecs_task_definition.this[var.canary == null ? "stable" : "canary"].arn
  # A fixed size, enough for the canary's share of the load when the stable service is at its maximum.
  desired_count = var.canary == null ? 0 : max(1, ceil(var.instances.max * var.canary.percent / 100))

  launch_type                       = "FARGATE"
  platform_version                  = "1.4.0"
  availability_zone_rebalancing     = "ENABLED"
  health_check_grace_period_seconds = var.service.start_seconds
  enable_execute_command            = false
  enable_ecs_managed_tags           = true
  propagate_tags                    = "SERVICE"

  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  # As for the stable service, terraform_data.healthy waits.
  wait_for_steady_state = false

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

  depends_on = [
    terraform_data.trial,
    aws_vpc_security_group_ingress_rule.service,
    aws_vpc_security_group_egress_rule.service,
    aws_vpc_security_group_egress_rule.other,
    aws_vpc_security_group_egress_rule.edge,
    aws_iam_role_policy.log,
    aws_iam_role_policy.secrets,
  ]
}

locals {
  shares = { stable = 100 - try(var.canary.percent, 0), canary = try(var.canary.percent, 0) }
}

# Orders the way back: Terraform destroys this before it changes the service that depends on it. So a canary first loses
# its requests, and only then its tasks.
resource "terraform_data" "trial" {
  count = local.shares.canary > 0 ? 1 : 0

  input = merge(var.entry.host == null ? {} : { priority = tostring(var.entry.priority) }, {
    listener = var.entry.listener_arn
    region   = data.aws_region.current.id
    actions = jsonencode([{ Type = "forward", ForwardConfig = {
      TargetGroups = [for name, share in { stable = 100, canary = 0 } : { TargetGroupArn = var.entry.target_groups[name].arn, Weight = share }]
    } }])
  })

  provisioner "local-exec" {
    when        = destroy
    interpreter = ["bash", "-ec"]
    command     = <<-EOT
      rule=$(aws elbv2 describe-rules --listener-arn "$LISTENER" --region "$REGION" --query "Rules[?Priority=='$PRIORITY'].RuleArn" --output text)
      [[ -z $rule ]] || aws elbv2 modify-rule --rule-arn "$rule" --actions "$ACTIONS" --region "$REGION" >/dev/null
    EOT

    environment = {
      LISTENER = self.input.listener, REGION = self.input.region, ACTIONS = self.input.actions
      # The priority of a service without a platform, including one that was deployed before platforms existed.
      PRIORITY = try(self.input.priority, "100")
    }
  }
}

# Each version's share; the canary gets its own once both are healthy. Like the canary's service, the rule always
# exists: one created as an apply was killed would go on sending requests, in no state, and would block its priority.
resource "aws_lb_listener_rule" "weights" {
  listener_arn = var.entry.listener_arn
  priority     = var.entry.priority

  condition {
    dynamic "path_pattern" {
      for_each = var.entry.host == null ? ["/*"] : []

      content {
        values = [path_pattern.value]
      }
    }

    dynamic "host_header" {
      for_each = var.entry.host == null ? [] : [var.entry.host]

      content {
        values = [host_header.value]
      }
    }
  }

  action {
    type = "forward"

    forward {
      dynamic "target_group" {
        for_each = local.shares

        content {
          arn    = var.entry.target_groups[target_group.key].arn
          weight = target_group.value
        }
      }

      # Each request is assigned independently; the service has no sessions.
      stickiness {
        enabled  = false
        duration = 1
      }
    }
  }

  depends_on = [terraform_data.healthy, terraform_data.trial]
}
