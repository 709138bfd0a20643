locals {
  # Where an instance serves, and where it is asked whether it can; none but the load balancer reaches either.
  ports = { service = var.service.port, health = coalesce(var.service.health.port, var.service.port) }
}

# Two groups that outlive every deployment; the module service moves the weights between them.
resource "aws_lb_target_group" "this" {
  # checkov:skip=CKV_AWS_378:inside the private network; only the load balancer reaches the tasks
  for_each = toset(["stable", "canary"])

  name        = "${var.name}-${each.key}"
  vpc_id      = var.network_id
  target_type = "ip"
  protocol    = "HTTP"
  # For targets that come without one: ECS registers each task with the service's own port, so that another port needs no
  # other group.
  port = 8080
  # ECS stops a task when this is over: requests in flight end by themselves, or in the time that the service has to stop.
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

# ECS takes only target groups that hang on a load balancer. Of a service alone the default action holds the stable one and
# this rule the other while no canary runs; on a platform it holds both. It matches nobody: 192.0.2.1 is in no network
# (RFC 5737), and the weights stand before it.
resource "aws_lb_listener_rule" "hold_canary" {
  listener_arn = var.listener_arn
  # Never left to AWS, which two services that come at once would ask for the same one:
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
