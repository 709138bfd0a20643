# The whole firewall. Only what it lets in here gets in; everything may go out.
locals {
  ingress = {
    http       = { protocol = "tcp", port = 80, from = "0.0.0.0/0" }
    https      = { protocol = "tcp", port = 443, from = "0.0.0.0/0" }
    icmp       = { protocol = "icmp", port = null, from = "0.0.0.0/0" }
    ssh        = { protocol = "tcp", port = 22, from = "104.154.0.0/15" }
    inside-tcp = { protocol = "tcp", port = null, from = var.cidr }
    inside-udp = { protocol = "udp", port = null, from = var.cidr }
  }
}

resource "aws_security_group" "machine" {
  name_prefix = "${var.name}-machine-"
  description = "Machines of ${var.name}"
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${var.name}-machine" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  # checkov:skip=CKV_AWS_277:-1 is not a port here but every type of ICMP
  # checkov:skip=CKV_AWS_260:everybody may reach a public page on 80
  # checkov:skip=CKV_AWS_24:22 is let in from 104.154.0.0/15 only
  for_each = local.ingress

  security_group_id = aws_security_group.machine.id
  description       = each.key
  cidr_ipv4         = each.value.from
  ip_protocol       = each.value.protocol
  # -1 is every type of ICMP: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
  from_port = each.value.protocol == "icmp" ? -1 : coalesce(each.value.port, 0)
  to_port   = each.value.protocol == "icmp" ? -1 : coalesce(each.value.port, 65535)

  tags = { Name = each.key }
}

# AWS adds this rule to a new group, and the provider removes it, so it is declared here.
resource "aws_vpc_security_group_egress_rule" "this" {
  # checkov:skip=CKV_AWS_382:the machine pulls its image and its system's packages, and may reach whatever it likes
  security_group_id = aws_security_group.machine.id
  description       = "everything"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"

  tags = { Name = "everything" }
}

# The default for everything without a group of its own. It is empty, so it lets nothing in or out.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-default-unused" }
}

# Every VPC has this list, which allows everything; it is declared here so that nobody narrows or widens it unnoticed.
# It is stateless and cannot tell a response from a request, so the group above decides.
resource "aws_default_network_acl" "this" {
  default_network_acl_id = aws_vpc.this.default_network_acl_id
  subnet_ids             = [for subnet in aws_subnet.this : subnet.id]

  ingress {
    rule_no    = 100
    protocol   = "-1"
    action     = "allow"
    cidr_block = "0.0.0.0/0"
    from_port  = 0
    to_port    = 0
  }

  egress {
    rule_no    = 100
    protocol   = "-1"
    action     = "allow"
    cidr_block = "0.0.0.0/0"
    from_port  = 0
    to_port    = 0
  }

  tags = { Name = var.name }
}
