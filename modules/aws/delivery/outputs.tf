output "planner" {
  description = "ARN of the role that plans in every environment; for jobs of the branch and of pull requests."
  value       = aws_iam_role.planner.arn

  depends_on = [aws_iam_role_policy.planner]
}

output "deployer" {
  description = "ARN of the role that applies, by environment; for jobs in that environment alone."
  value       = { for environment, role in aws_iam_role.deployer : environment => role.arn }

  depends_on = [aws_iam_role_policy.deployer, aws_iam_role_policy_attachment.deployer, aws_iam_policy.boundary]
}

output "viewer" {
  description = "ARN of the role for people who may look at the stack and the services of its platform only, by environment."
  value       = { for environment, role in aws_iam_role.viewer : environment => role.arn }

  depends_on = [aws_iam_role_policy.viewer]
}
