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
  for_each = var.entry.ports

  security_group_id            = aws_security_group.this.id
  description                  = "From the load balancer: ${each.key}"
  referenced_security_group_id = var.entry.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}

# The other half: the load balancer reaches these tasks and nothing else.
resource "aws_vpc_security_group_egress_rule" "edge" {
  for_each = var.entry.ports

  security_group_id            = var.entry.security_group_id
  description                  = "To the tasks: ${each.key}"
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}

# Registry, logs and object store. A service of your own that calls a database adds its port here.
resource "aws_vpc_security_group_egress_rule" "service" {
  security_group_id = aws_security_group.this.id
  description       = "HTTPS to AWS"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
