output "planner" {
  description = "ARN of the role that runs plans in every environment; for jobs of the deployed branch and of pull requests."
  value       = aws_iam_role.planner.arn

  depends_on = [aws_iam_role_policy.planner]
}

output "deployer" {
  description = "Maps each environment to the ARN of the role that runs terraform apply there. Only jobs in that environment can use it."
  value       = { for environment, role in aws_iam_role.deployer : environment => role.arn }

  depends_on = [aws_iam_role_policy.deployer, aws_iam_role_policy_attachment.deployer, aws_iam_policy.boundary]
}

output "viewer" {
  description = "Maps each environment to the ARN of a role for people. It allows only looking, and only at the stack and the services of its platform."
  value       = { for environment, role in aws_iam_role.viewer : environment => role.arn }

  depends_on = [aws_iam_role_policy.viewer]
}
