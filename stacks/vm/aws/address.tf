locals {
  ports = var.certificate == null ? toset(["80"]) : toset(["80", "443"])
}

# Stays when machines are replaced: an address in each zone, 3.65 USD a month each.
resource "aws_eip" "this" {
  # checkov:skip=CKV2_AWS_19:they belong to the load balancer, in its subnet_mapping
  for_each = local.zones

  domain = "vpc"

  tags = { Name = "${var.name}-${each.key}" }

  # An address needs the VPC's internet gateway first.
  depends_on = [aws_internet_gateway.this]
}

# Forwards packets with the client's address, so that the machine's firewall decides about clients. It has no security
# group of its own. 16.40 USD a month: https://aws.amazon.com/elasticloadbalancing/pricing/
resource "aws_lb" "this" {
  # checkov:skip=CKV_AWS_91:the service logs every request that reaches it; access logs here are of TLS listeners only
  # checkov:skip=CKV_AWS_150:one command must be able to destroy the stack; the state and its lock protect it
  name                             = var.name
  load_balancer_type               = "network"
  internal                         = false
  enable_cross_zone_load_balancing = true # one machine, two addresses

  dynamic "subnet_mapping" {
    for_each = local.zones
    content {
      subnet_id     = aws_subnet.this[subnet_mapping.key].id
      allocation_id = aws_eip.this[subnet_mapping.key].id
    }
  }

  depends_on = [aws_route.internet]
}

resource "aws_lb_target_group" "this" {
  for_each = local.ports

  name               = "${var.name}-${each.key}"
  vpc_id             = aws_vpc.this.id
  target_type        = "instance"
  protocol           = "TCP"
  port               = tonumber(each.key)
  preserve_client_ip = "true"
  # A machine that is being replaced gets no new connections, and has this long to end the old ones.
  deregistration_delay   = 20
  connection_termination = true

  # Checks the service itself, for 443 too: a machine that cannot tell the time is replaced.
  health_check {
    protocol            = "HTTP"
    port                = "80"
    path                = "/now"
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }
}

resource "aws_lb_listener" "this" {
  for_each = local.ports

  load_balancer_arn = aws_lb.this.arn
  protocol          = "TCP"
  port              = tonumber(each.key)

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[each.key].arn
  }
}
