output "planner" {
  description = "E-mail address of the service account that runs plans in every environment; for jobs of the deployed branch and of pull requests."
  value       = google_service_account.planner.email

  depends_on = [
    google_project_iam_member.planner,
    google_project_iam_member.planner_documents,
    google_storage_bucket_iam_member.planner,
    google_service_account_iam_member.planner,
  ]
}

output "deployer" {
  description = "Maps each environment to the e-mail address of the service account that runs terraform apply there. Only jobs in that environment can use it."
  value       = { for environment, account in google_service_account.deployer : environment => account.email }

  depends_on = [
    google_artifact_registry_repository_iam_member.deployer,
    google_project_iam_member.deployer,
    google_project_iam_member.deployer_more,
    google_project_iam_member.deployer_documents,
    google_service_account_iam_member.deployer,
    google_storage_bucket_iam_member.deployer_list,
    google_storage_bucket_iam_member.deployer_state,
  ]
}

output "viewer" {
  description = <<-EOT
    Maps each environment to the e-mail address of a service account for people. It allows only looking, and only at the stack and the services of its
    platform.
  EOT
  value       = { for environment, account in google_service_account.viewer : environment => account.email }

  depends_on = [google_project_iam_member.viewer]
}

output "providers" {
  description = "Names of the identity providers, by pipeline: github and circleci, if set. A pipeline sends its provider's name along with its token."
  value = merge(
    { for provider in google_iam_workload_identity_pool_provider.github : "github" => provider.name },
    { for provider in google_iam_workload_identity_pool_provider.circleci : "circleci" => provider.name },
  )
}

output "machine" {
  description = "E-mail address of the service account of the virtual machines, made here because a deployer may not grant rights in the project."
  value       = google_service_account.machine.email

  depends_on = [google_artifact_registry_repository_iam_member.machine, google_project_iam_member.machine]
}
