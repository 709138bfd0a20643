locals {
  # Maps each port to its purpose, with one rule each, even if health checks use the port that serves. Keyed by port, so
  # that a replaced port stays open until the tasks that use it are gone, even if their successors do not start.
  ports = { for key, port in var.entry.ports : tostring(port) => key if key == "service" || port != var.entry.ports.service }
}

resource "aws_security_group" "this" {
  name_prefix = "${var.name}-service-"
  description = "Tasks of ${var.name}"
  vpc_id      = var.network_id

  tags = { Name = "${var.name}-service" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "service" {
  for_each = local.ports

  security_group_id            = aws_security_group.this.id
  description                  = "From the load balancer: ${each.value}"
  referenced_security_group_id = var.entry.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = tonumber(each.key)
  to_port                      = tonumber(each.key)

  lifecycle {
    create_before_destroy = true
  }
}

# For stacks from before ports could be chosen; nothing changes.
moved {
  from = aws_vpc_security_group_ingress_rule.service["service"]
  to   = aws_vpc_security_group_ingress_rule.service["8080"]
}

moved {
  from = aws_vpc_security_group_ingress_rule.service["health"]
  to   = aws_vpc_security_group_ingress_rule.service["8081"]
}

# The counterpart: the load balancer reaches only these tasks; a shared one reaches those of every service.
resource "aws_vpc_security_group_egress_rule" "edge" {
  for_each = var.entry.host == null ? local.ports : {}

  security_group_id            = var.entry.security_group_id
  description                  = "To the tasks: ${each.value}"
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = tonumber(each.key)
  to_port                      = tonumber(each.key)

  lifecycle {
    create_before_destroy = true
  }
}

moved {
  from = aws_vpc_security_group_egress_rule.edge["service"]
  to   = aws_vpc_security_group_egress_rule.edge["8080"]
}

moved {
  from = aws_vpc_security_group_egress_rule.edge["health"]
  to   = aws_vpc_security_group_egress_rule.edge["8081"]
}

# Registry, logs and object store.
resource "aws_vpc_security_group_egress_rule" "service" {
  security_group_id = aws_security_group.this.id
  description       = "HTTPS to AWS"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

# Anything else that the service calls, such as a database.
resource "aws_vpc_security_group_egress_rule" "other" {
  for_each = setsubtract(toset([for port in var.service.egress_ports : tostring(port)]), ["443"])

  security_group_id = aws_security_group.this.id
  description       = "To port ${each.key} of what the service calls"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.key)
  to_port           = tonumber(each.key)
}
