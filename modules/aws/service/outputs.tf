output "service_id" {
  description = "ARN of the ECS service that serves, …:service/CLUSTER/SERVICE."
  value       = aws_ecs_service.stable.id
}

output "platform" {
  description = "ARN of the ECS cluster, on which the probe runs too."
  value       = aws_ecs_cluster.this.arn
}

output "revision" {
  description = "ARN of the task definition that serves without the canary; a canary names it as stable."
  value       = aws_ecs_service.stable.task_definition

  # Known to be serving only when the weights stand.
  depends_on = [aws_lb_listener_rule.weights]
}
