# Serves if there is no domain; otherwise redirects to HTTPS.
resource "aws_lb_listener" "http" {
  # checkov:skip=CKV_AWS_2:without a domain there is no certificate; with one, this listener redirects
  # checkov:skip=CKV_AWS_103:as CKV_AWS_2, there is no TLS on this port
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type             = var.domain == null ? "forward" : "redirect"
    target_group_arn = var.domain == null ? var.target_group_arn : null

    dynamic "redirect" {
      for_each = var.domain == null ? [] : [var.domain.name]

      content {
        # With several services, the requested host: only their own hosts lead to a service.
        host        = var.cidr == null ? redirect.value : "#{host}"
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
  # TLS 1.2 and 1.3, forward secrecy only; the API's default of 2016 still accepts TLS 1.0:
  # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
  ssl_policy      = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn = local.certificate_arn

  default_action {
    type             = var.cidr == null ? "forward" : "fixed-response"
    target_group_arn = var.cidr == null ? var.target_group_arn : null

    # A host that belongs to no service.
    dynamic "fixed_response" {
      for_each = var.cidr == null ? [] : [404]

      content {
        content_type = "text/plain"
        message_body = "No service has this name.\n"
        status_code  = tostring(fixed_response.value)
      }
    }
  }
}
