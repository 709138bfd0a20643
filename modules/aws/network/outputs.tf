output "network_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}

output "public_subnet_ids" {
  description = <<-EOT
    Ids of the public subnets, for the load balancer, in the order of their zones. They become available after they are routed to the internet.
  EOT
  value       = [for zone in keys(local.zones) : aws_subnet.public[zone].id]

  depends_on = [aws_route.internet, aws_route_table_association.public]
}

output "private_subnet_ids" {
  description = <<-EOT
    Ids of the private subnets, for compute, in the order of their zones. They become available after registry, logs and object store can be
    reached.
  EOT
  value       = [for zone in keys(local.zones) : aws_subnet.private[zone].id]

  depends_on = [
    aws_route.nat,
    aws_route_table_association.private,
    aws_vpc_endpoint.s3,
    aws_vpc_endpoint.interface,
    aws_vpc_security_group_ingress_rule.endpoints,
  ]
}
