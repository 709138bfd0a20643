output "service_id" {
  description = "ARN of the ECS service that serves, …:service/CLUSTER/SERVICE."
  value       = aws_ecs_service.stable.id
}

output "platform" {
  description = "ARN of the ECS cluster, on which the probe runs too. It becomes available after the service is healthy."
  value       = aws_ecs_cluster.this.arn

  # Whatever runs beside the service waits until the service is healthy.
  depends_on = [terraform_data.healthy]
}

output "revision" {
  description = "ARN of the stable task definition, never the canary's: the value for canary.stable."
  # The revision that was last found healthy: one that was requested but did not start serves nobody.
  value = terraform_data.healthy["stable"].output

  depends_on = [aws_lb_listener_rule.weights]
}

output "firewall_source" {
  description = "Id of the tasks' security group. Use it as the source in inbound rules, such as a database's."
  value       = aws_security_group.this.id
}
