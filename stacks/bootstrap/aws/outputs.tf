output "backend" {
  description = "What to save as backend.tf, by folder."
  value       = module.state.backend
}

output "repository_url" {
  description = "The shared repository, for the stacks' variable of that name."
  value       = aws_ecr_repository.this.repository_url
}

output "settings" {
  description = "Variables to set in the pipelines: those in `all` for every job, those in `environments` for the jobs of each environment. None is a secret."
  value = {
    all          = { AWS_PLANNER = module.delivery.planner }
    environments = { for environment, role in module.delivery.deployer : environment => { AWS_DEPLOYER = role } }
  }
}

output "viewer" {
  description = "The role for people who may look at an environment and nothing else: aws sts assume-role --role-arn …"
  value       = module.delivery.viewer
}
