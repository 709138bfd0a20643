output "repository_url" {
  description = "Address of the repository, HOST/PATH without tag. It becomes available after the reader may pull."
  value       = var.repository_url == null ? aws_ecr_repository.this[0].repository_url : var.repository_url

  depends_on = [aws_iam_role_policy.pull, aws_ecr_lifecycle_policy.this]
}
