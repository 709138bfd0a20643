locals {
  pool = "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.this.name}"

  # Which jobs plan and which deploy an environment, by attribute and its value. CircleCI has no environments: its
  # deployer is production's, behind the approval in its workflow.
  planners = merge(
    var.github == null ? {} : { github_event = "pull_request", github_ref = "refs/heads/${var.github.branch}" },
    var.circleci == null ? {} : { circleci_project = var.circleci.project_id },
  )
  deployers = merge(
    {
      for environment in keys(var.environments) :
      "github-${environment}" => { environment = environment, attribute = "github_environment/${environment}" }
      if var.github != null
    },
    {
      for environment in keys(var.environments) :
      "circleci-${environment}" => { environment = environment, attribute = "circleci_ref/refs/heads/${var.circleci.branch}" }
      if var.circleci != null && environment == "production"
    },
  )
}

resource "google_service_account_iam_member" "planner" {
  for_each = local.planners

  service_account_id = google_service_account.planner.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "${local.pool}/attribute.${each.key}/${each.value}"
}

resource "google_service_account_iam_member" "deployer" {
  for_each = local.deployers

  service_account_id = google_service_account.deployer[each.value.environment].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "${local.pool}/attribute.${each.value.attribute}"
}
