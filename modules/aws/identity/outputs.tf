# ECS separates the service's own rights from its rights to start the service, so each output has two values.
output "identity_id" {
  description = "ARNs of the roles: task, which the service runs as, and execution, with which ECS starts it."
  value       = { for key, role in aws_iam_role.this : key => role.arn }
}

output "principal" {
  description = "Names of the roles task and execution. Other modules use them to grant rights."
  value       = { for key, role in aws_iam_role.this : key => role.name }
}
