locals {
  # One rule and one mapping for each port, also where health is asked on the port that serves.
  ports = { for key, port in var.entry.ports : key => port if key == "service" || port != var.entry.ports.service }
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
  description                  = "From the load balancer: ${each.key}"
  referenced_security_group_id = var.entry.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}

# The other half: the load balancer reaches these tasks and nothing else; a shared one reaches every service's.
resource "aws_vpc_security_group_egress_rule" "edge" {
  for_each = var.entry.host == null ? local.ports : {}

  security_group_id            = var.entry.security_group_id
  description                  = "To the tasks: ${each.key}"
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
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

# What else the service calls, such as a database.
resource "aws_vpc_security_group_egress_rule" "other" {
  for_each = setsubtract(toset([for port in var.service.egress_ports : tostring(port)]), ["443"])

  security_group_id = aws_security_group.this.id
  description       = "To port ${each.key} of what the service calls"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.key)
  to_port           = tonumber(each.key)
}
