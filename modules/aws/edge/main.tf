resource "aws_security_group" "this" {
  name_prefix = "${var.name}-edge-"
  description = "Load balancer of ${var.name}"
  vpc_id      = var.network_id

  tags = { Name = "${var.name}-edge" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "http" {
  # checkov:skip=CKV_AWS_260:everybody may reach a public service on 80; with a domain this port only redirects
  security_group_id = aws_security_group.this.id
  description       = "HTTP from everywhere"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
}

resource "aws_vpc_security_group_ingress_rule" "https" {
  count = var.domain == null ? 0 : 1

  security_group_id = aws_security_group.this.id
  description       = "HTTPS from everywhere"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

# To all services together: two rules for each would soon exceed a security group's limit.
resource "aws_vpc_security_group_egress_rule" "services" {
  count = var.cidr == null ? 0 : 1

  security_group_id = aws_security_group.this.id
  description       = "To the tasks of every service"
  cidr_ipv4         = var.cidr
  ip_protocol       = "tcp"
  from_port         = 1
  to_port           = 65535
}

resource "aws_lb" "this" {
  # checkov:skip=CKV_AWS_91:the service logs every request that reaches it; a bucket of load balancer logs costs more than it tells
  # checkov:skip=CKV_AWS_150:one command must be able to destroy the stack; the state and its lock protect it
  # checkov:skip=CKV2_AWS_28:WAF costs 9 USD a month and is a variable
  # checkov:skip=CKV2_AWS_76:as CKV2_AWS_28; what waf turns on has the rules against Log4j
  # checkov:skip=CKV2_AWS_20:without a domain there is no certificate to redirect to; with one, 80 redirects
  name               = var.name
  load_balancer_type = "application"
  internal           = false
  subnets            = var.public_subnet_ids
  security_groups    = [aws_security_group.this.id]
  # The service keeps idle connections longer than this, Meridian for 15 minutes, so that it never closes one while the
  # load balancer is sending on it:
  # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html#http-502-issues
  idle_timeout               = max(60, var.service.request_seconds)
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "defensive"
  # Appends the client's address as the last entry, without a port, as x-forwarded-for:1 expects.
  xff_header_processing_mode = "append"
  enable_xff_client_port     = false
}
