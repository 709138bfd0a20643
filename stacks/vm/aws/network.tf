data "aws_availability_zones" "available" {
  # checkov:skip=CKV_AWS_394:the first two are taken; names are given in the same order, a new one last
  state = "available"

  # Excludes local zones, which lack ordinary load balancers.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

# Not every zone has every type of machine.
data "aws_ec2_instance_type_offerings" "zones" {
  location_type = "availability-zone"

  filter {
    name   = "instance-type"
    values = [var.machine_type]
  }

  lifecycle {
    postcondition {
      condition     = length(setintersection(self.locations, data.aws_availability_zones.available.names)) >= 2
      error_message = "machine_type ${var.machine_type} is in fewer than two availability zones of ${var.region}; choose another, such as t3.small."
    }
  }
}

locals {
  # Two zones, so that a machine finds a place if one of them fails. A zone's index determines its address block.
  offered = [for zone in data.aws_availability_zones.available.names : zone if contains(data.aws_ec2_instance_type_offerings.zones.locations, zone)]
  zones   = { for index, zone in slice(local.offered, 0, 2) : zone => index }
}

resource "aws_vpc" "this" {
  # checkov:skip=CKV2_AWS_11:the service logs each request with its client's address; flow logs cost 0.50 USD/GB more
  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = var.name }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = var.name }
}

# All subnets are public: a machine reaches the internet from its own address for 3.65 USD a month; a NAT gateway would
# cost 33. The firewall, not a missing route, decides what gets in.
resource "aws_subnet" "this" {
  for_each = local.zones

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = cidrsubnet(var.cidr, 2, each.value)
  map_public_ip_on_launch = false

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_route_table" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = var.name }
}

resource "aws_route" "internet" {
  route_table_id         = aws_route_table.this.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "this" {
  for_each = aws_subnet.this

  subnet_id      = each.value.id
  route_table_id = aws_route_table.this.id
}
