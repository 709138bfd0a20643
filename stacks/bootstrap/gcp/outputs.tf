locals {
  # A repository of Artifact Registry holds packages; ours has one.
  repository_url = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.this.repository_id}/meridian"
}

output "backend" {
  description = "What to save as backend.tf, by folder."
  value       = module.state.backend
}

output "repository_url" {
  description = "The shared repository, for the stacks' variable of that name."
  value       = local.repository_url
}

output "settings" {
  description = "Variables to set in the pipelines: those in `all` for every job, those in `environments` for the jobs of each environment. None is a secret."
  value = {
    all = merge(
      { GCP_PLANNER = module.delivery.planner, GCP_PROJECT = var.project },
      { for pipeline, name in module.delivery.providers : pipeline == "github" ? "GCP_PROVIDER" : "GCP_PROVIDER_CIRCLECI" => name },
    )
    environments = { for environment, account in module.delivery.deployer : environment => { GCP_DEPLOYER = account } }
  }
}

output "viewer" {
  description = "The service account for people who may look at an environment and nothing else: gcloud --impersonate-service-account …"
  value       = module.delivery.viewer
}

output "machine" {
  description = "The service account of the virtual machines, for the variable machine of stacks/vm/gcp."
  value       = module.delivery.machine
}
