output "stable" {
  description = "ARN of the target group \"stable\", for the default action of a load balancer that serves only this service."
  value       = aws_lb_target_group.this["stable"].arn
}

# ECS needs the target group to create a service. So on AWS the load balancer comes first, and the service gets the
# group to register in; on the other clouds the load balancer gets the service's address.
output "entry" {
  description = <<-EOT
    How the load balancer reaches the service: the load balancer's security group and listener, the host name and priority of the rule that splits
    requests between the stable version and a canary, the ports of the service and of the health check, and the target groups "stable" and "canary"
    with their CloudWatch names. It becomes available after both target groups are attached to the load balancer.
  EOT
  value = {
    security_group_id = var.security_group_id
    listener_arn      = var.listener_arn
    host              = var.host
    priority          = 100 + var.slot
    ports             = local.ports
    target_groups     = { for key, group in aws_lb_target_group.this : key => { arn = group.arn, metric = group.arn_suffix } }
  }

  depends_on = [aws_lb_listener_rule.hold_canary]
}
