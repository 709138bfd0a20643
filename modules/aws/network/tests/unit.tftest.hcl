# What the network costs and whom it lets in. A different number of NAT gateways changes the bill.
mock_provider "aws" {
  source = "./.."
}

variables {
  boundary = "arn:aws:iam::123456789012:policy/test-boundary"
  name     = "test"
  cidr     = "10.20.0.0/16"
  zones    = 2
  nat      = "single"
}

run "with_the_variables_above" {
  assert {
    condition     = aws_iam_role.flow.permissions_boundary == var.boundary
    error_message = "Every role must have the boundary: otherwise a deployer could create a role with more rights than its own."
  }
  assert {
    condition     = toset([for subnet in aws_subnet.public : subnet.availability_zone]) == toset(["us-east-1a", "us-east-1b"])
    error_message = "Public subnets must be in two zones."
  }
  assert {
    condition     = toset([for subnet in aws_subnet.private : subnet.availability_zone]) == toset(["us-east-1a", "us-east-1b"])
    error_message = "Private subnets must be in two zones."
  }
  assert {
    condition     = !anytrue([for subnet in concat(values(aws_subnet.public), values(aws_subnet.private)) : subnet.map_public_ip_on_launch])
    error_message = "No subnet may assign public addresses."
  }
  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_eip.nat) == 1
    error_message = "There must be one NAT gateway with one address by default."
  }
  assert {
    condition     = length(aws_route.nat) == 2 && length(aws_vpc_endpoint.interface) == 0
    error_message = "Both zones must use the NAT gateway, and there must be no interface endpoint, because AWS bills them."
  }
  assert {
    condition     = aws_route.internet.route_table_id == aws_route_table.public.id && alltrue([for association in aws_route_table_association.private : association.route_table_id != aws_route_table.public.id])
    error_message = "Only public subnets may route to the internet gateway: a private subnet must not use the public route table."
  }
  assert {
    condition     = length(aws_default_security_group.this.ingress) == 0 && length(aws_default_security_group.this.egress) == 0
    error_message = "The default security group must let nothing in or out."
  }
  assert {
    condition     = aws_flow_log.this.traffic_type == "ALL" && aws_cloudwatch_log_group.flow.retention_in_days == 30
    error_message = "All traffic must be logged, and the log kept for 30 days."
  }
  assert {
    condition     = aws_vpc_endpoint.s3.vpc_endpoint_type == "Gateway" && length(aws_vpc_endpoint.s3.route_table_ids) == 2
    error_message = "S3 must be reached without NAT: by a gateway endpoint, which is free, in both private route tables."
  }
  assert {
    condition     = jsondecode(aws_vpc_endpoint.s3.policy).Statement[0].Condition.StringEquals["aws:PrincipalAccount"] == "123456789012"
    error_message = "Only this account may use the endpoint: other accounts' credentials must not carry data out."
  }
}

run "zonal_nat_survives_the_loss_of_a_zone" {
  command = apply
  variables {
    nat = "zonal"
  }
  assert {
    condition     = alltrue([for zone, route in aws_route.nat : route.nat_gateway_id == aws_nat_gateway.this[zone].id])
    error_message = "Each zone must use its own gateway."
  }
}

run "without_nat_only_aws_is_reached" {
  variables {
    nat = "none"
  }
  assert {
    condition     = length(aws_nat_gateway.this) == 0 && length(aws_route.nat) == 0
    error_message = "No route may lead to the internet."
  }
  assert {
    condition     = toset([for endpoint in aws_vpc_endpoint.interface : endpoint.service_name]) == toset(["com.amazonaws.us-east-1.ecr.api", "com.amazonaws.us-east-1.ecr.dkr", "com.amazonaws.us-east-1.logs"])
    error_message = "There must be endpoints for ECR and logs, because Fargate needs them."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.endpoints[0].cidr_ipv4 == "10.20.0.0/16" && aws_vpc_security_group_ingress_rule.endpoints[0].from_port == 443 && aws_vpc_security_group_ingress_rule.endpoints[0].to_port == 443
    error_message = "The endpoints must be reached from the network only, on port 443 only."
  }
}

run "the_smallest_network_with_four_zones_has_no_overlap" {
  variables {
    cidr  = "192.168.4.0/22"
    zones = 4
  }
  assert {
    condition     = length(distinct([for subnet in concat(values(aws_subnet.public), values(aws_subnet.private)) : subnet.cidr_block])) == 8
    error_message = "Eight subnets must have eight different ranges."
  }
  assert {
    condition     = alltrue([for subnet in concat(values(aws_subnet.public), values(aws_subnet.private)) : endswith(subnet.cidr_block, "/26")])
    error_message = "Each subnet must be a /26."
  }
}

run "a_third_zone_moves_no_subnet" {
  variables {
    zones = 3
  }
  assert {
    condition     = aws_subnet.private["us-east-1a"].cidr_block == "10.20.128.0/20" && aws_subnet.private["us-east-1b"].cidr_block == "10.20.144.0/20" && aws_subnet.private["us-east-1c"].cidr_block == "10.20.160.0/20"
    error_message = "A third zone must not move the first two subnets."
  }
}

run "tasks_run_only_in_zones_with_fargate" {
  command = plan
  assert {
    condition     = toset(data.aws_availability_zones.available.exclude_zone_ids) == toset(["apne1-az3", "usw1-az2"])
    error_message = "Zones without Fargate must be excluded: older accounts have them in Tokyo and Northern California."
  }
}

run "refuses_a_region_with_too_few_zones" {
  command = plan
  variables {
    zones = 4
  }
  override_data {
    target = data.aws_availability_zones.available
    values = { names = ["us-west-1a", "us-west-1b"] }
  }
  expect_failures = [data.aws_availability_zones.available]
}
