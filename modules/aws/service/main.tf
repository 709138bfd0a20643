resource "aws_ecs_cluster" "this" {
  # checkov:skip=CKV_AWS_65:the alarms need CPU and memory only, which are free; Container Insights bills some 20 metrics at 0.30 USD
  name = var.name

  setting {
    name  = "containerInsights"
    value = "disabled"
  }
}

locals {
  watched = merge({ stable = aws_ecs_service.stable }, var.canary == null ? {} : { canary = aws_ecs_service.canary })
}

resource "aws_ecs_service" "stable" {
  # checkov:skip=CKV_AWS_332:1.4.0 is the newest for Linux and patched by AWS; a newer one should come with a commit, not by itself
  name            = "${var.name}-stable"
  cluster         = aws_ecs_cluster.this.id
  task_definition = aws_ecs_task_definition.this["stable"].arn
  desired_count   = var.instances.min

  launch_type                       = "FARGATE"
  platform_version                  = "1.4.0"
  availability_zone_rebalancing     = "ENABLED"
  health_check_grace_period_seconds = var.service.start_seconds
  enable_execute_command            = false
  enable_ecs_managed_tags           = true
  propagate_tags                    = "SERVICE"

  # New tasks run before old ones stop, and a deployment that does not start is rolled back.
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  # terraform_data.healthy waits instead, and checks more.
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
    target_group_arn = var.entry.target_groups["stable"].arn
    container_name   = local.container
    container_port   = var.entry.ports.service
  }

  lifecycle {
    # Autoscaling changes it.
    ignore_changes = [desired_count]
  }

  depends_on = [
    aws_vpc_security_group_ingress_rule.service,
    aws_vpc_security_group_egress_rule.service,
    aws_vpc_security_group_egress_rule.other,
    aws_vpc_security_group_egress_rule.edge,
    aws_iam_role_policy.log,
    aws_iam_role_policy.secrets,
  ]
}

# Waits after each change until the load balancer finds the tasks healthy; a failed deployment fails here, with ECS's
# own reasons. The provider cannot: as of 5.100 its wait ends once the tasks run, before the first health check, and
# takes a rollback for success (https://github.com/hashicorp/terraform-provider-aws/issues/20858). The program runs
# where Terraform runs, with the AWS CLI and the same environment, so both find the same credentials; if the provider
# gets others, give them to the program too. If interrupted, it is tainted, and the next apply waits again.
resource "terraform_data" "healthy" {
  for_each = local.watched

  input = aws_ecs_task_definition.this[each.key].arn

  triggers_replace = {
    definition = aws_ecs_task_definition.this[each.key].arn
    subnets    = var.private_subnet_ids
    group      = aws_security_group.this.id
    count      = each.key == "canary" ? each.value.desired_count : null
  }

  provisioner "local-exec" {
    command = "${path.module}/healthy"

    environment = {
      CLUSTER      = aws_ecs_cluster.this.name
      SERVICE      = each.value.name
      DEFINITION   = aws_ecs_task_definition.this[each.key].arn
      TARGET_GROUP = var.entry.target_groups[each.key].arn
      REGION       = data.aws_region.current.id
      MINUTES      = 15
    }
  }
}
