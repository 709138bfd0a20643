# Without a domain the port that serves, with one the port that redirects.
resource "aws_lb_listener" "http" {
  # checkov:skip=CKV_AWS_2:without a domain there is no certificate; with one, this listener redirects
  # checkov:skip=CKV_AWS_103:as CKV_AWS_2, there is no TLS on this port
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type             = var.domain == null ? "forward" : "redirect"
    target_group_arn = var.domain == null ? aws_lb_target_group.this["stable"].arn : null

    dynamic "redirect" {
      for_each = var.domain == null ? [] : [var.domain.name]

      content {
        host        = redirect.value
        port        = "443"
        protocol    = "HTTPS"
        status_code = "HTTP_301"
      }
    }
  }
}

resource "aws_lb_listener" "https" {
  count = var.domain == null ? 0 : 1

  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  # TLS 1.2 and 1.3, forward secrecy only; the API's default of 2016 still takes TLS 1.0:
  # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
  ssl_policy      = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn = local.certificate_arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this["stable"].arn
  }
}

locals {
  listener_arn = var.domain == null ? aws_lb_listener.http.arn : aws_lb_listener.https[0].arn
}

# ECS takes only target groups that hang on a load balancer. The default action holds the stable one;
# this rule holds the other while no canary runs, and matches nobody: 192.0.2.1 is in no network
# (RFC 5737), and the weights stand before it.
resource "aws_lb_listener_rule" "hold_canary" {
  listener_arn = local.listener_arn
  priority     = 50000

  condition {
    source_ip {
      values = ["192.0.2.1/32"]
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this["canary"].arn
  }
}
