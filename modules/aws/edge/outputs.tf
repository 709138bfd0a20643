output "url" {
  description = "Where the service is found: https with a domain, else http."
  value       = var.domain == null ? "http://${aws_lb.this.dns_name}" : "https://${var.domain.name}"

  depends_on = [aws_route53_record.this, aws_vpc_security_group_ingress_rule.http, aws_vpc_security_group_ingress_rule.https]
}

output "edge_id" {
  description = "The load balancer as CloudWatch names it, app/NAME/ID."
  value       = aws_lb.this.arn_suffix
}

# ECS takes a target group when it creates a service, so on AWS the load balancer comes first and the
# service is told where to register; the other clouds tell the load balancer where the service is.
output "entry" {
  description = <<-EOT
    How the load balancer reaches the service: its security group, the listener that serves, the ports of service and health, and the
    target groups stable and canary with their names in CloudWatch; usable once both groups hang on the load balancer.
  EOT
  value = {
    security_group_id = aws_security_group.this.id
    listener_arn      = local.listener_arn
    ports             = local.ports
    target_groups     = { for key, group in aws_lb_target_group.this : key => { arn = group.arn, metric = group.arn_suffix } }
  }

  depends_on = [aws_lb_listener_rule.hold_canary]
}
