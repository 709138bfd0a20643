locals {
  # The ports that serve and that answer health checks; only the load balancer reaches either.
  ports = { service = var.service.port, health = coalesce(var.service.health.port, var.service.port) }
}

# These two groups outlive every deployment; the module service shifts the weights between them.
resource "aws_lb_target_group" "this" {
  # checkov:skip=CKV_AWS_378:inside the private network; only the load balancer reaches the tasks
  for_each = toset(["stable", "canary"])

  name        = "${var.name}-${each.key}"
  vpc_id      = var.network_id
  target_type = "ip"
  protocol    = "HTTP"
  # Only a default: ECS registers each task with the service's own port, so another port needs no new group.
  port = 8080
  # ECS stops a task after this delay; requests in flight end within it, or within the service's own time to stop.
  deregistration_delay = max(20, var.service.request_seconds - var.service.stop_seconds)

  health_check {
    port                = tostring(local.ports.health)
    path                = var.service.health.ready
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }
}

# ECS accepts only target groups that are attached to a load balancer. Without a platform the default action attaches
# the stable group, and this rule the canary's; on a platform it attaches both. It matches no request: 192.0.2.1 is in
# no network (RFC 5737), and the rule with the weights comes first.
resource "aws_lb_listener_rule" "hold_canary" {
  listener_arn = var.listener_arn
  # Always explicit: AWS would try to give two services that are created at once the same priority:
  # https://github.com/hashicorp/terraform-provider-aws/issues/3219
  priority = 50000 - var.slot

  condition {
    source_ip {
      values = ["192.0.2.1/32"]
    }
  }

  action {
    type             = "forward"
    target_group_arn = var.host == null ? aws_lb_target_group.this["canary"].arn : null

    dynamic "forward" {
      for_each = var.host == null ? [] : [aws_lb_target_group.this]

      content {
        dynamic "target_group" {
          for_each = forward.value

          content {
            arn    = target_group.value.arn
            weight = 1
          }
        }
      }
    }
  }
}
