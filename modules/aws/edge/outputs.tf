output "url" {
  description = "Where the service is found: https with a domain, else http."
  value       = var.domain == null ? "http://${aws_lb.this.dns_name}" : "https://${var.domain.name}"

  depends_on = [aws_route53_record.this, aws_vpc_security_group_ingress_rule.http, aws_vpc_security_group_ingress_rule.https]
}

output "edge_id" {
  description = "The load balancer as CloudWatch names it, app/NAME/ID."
  value       = aws_lb.this.arn_suffix
}

output "listener_arn" {
  description = "ARN of the listener that serves: 443 with a domain, else 80."
  value       = var.domain == null ? aws_lb_listener.http.arn : aws_lb_listener.https[0].arn
}

output "security_group_id" {
  description = "Id of the load balancer's security group. On a platform, it becomes available after a rule lets the load balancer reach the tasks."
  value       = aws_security_group.this.id

  depends_on = [aws_vpc_security_group_egress_rule.services]
}
