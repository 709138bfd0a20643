output "planner" {
  description = "E-mail address of the service account that plans in every environment; for jobs of the branch and of pull requests."
  value       = google_service_account.planner.email

  depends_on = [
    google_project_iam_member.planner,
    google_project_iam_member.planner_documents,
    google_storage_bucket_iam_member.planner,
    google_service_account_iam_member.planner,
  ]
}

output "deployer" {
  description = "E-mail address of the service account that applies, by environment; for jobs in that environment alone."
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
  description = "E-mail address of the service account for people who may look at the stack and the services of its platform only, by environment."
  value       = { for environment, account in google_service_account.viewer : environment => account.email }

  depends_on = [google_project_iam_member.viewer]
}

output "providers" {
  description = "Names of the identity providers that exist, of github and circleci; a pipeline gives such a name with its token."
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
