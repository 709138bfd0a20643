# Google reserves the ids of deleted pools and providers for 30 days, those of deleted roles for 37. So that they can be
# created again at any time, each id contains the time of its first plan.
# https://cloud.google.com/iam/docs/manage-workload-identity-pools-providers#delete-pool
# https://cloud.google.com/iam/docs/creating-custom-roles#deleting-custom-role
resource "terraform_data" "since" {
  for_each = toset(concat(["pool", "role"], var.github == null ? [] : ["github"], var.circleci == null ? [] : ["circleci"]))

  input = formatdate("YYMMDDhhmmss", plantimestamp())

  lifecycle {
    ignore_changes = [input]
  }
}

resource "google_iam_workload_identity_pool" "this" {
  workload_identity_pool_id = "${var.name}-${terraform_data.since["pool"].input}"
  display_name              = "Pipelines"
  description               = "Jobs of the pipelines that plan and deploy"
}

resource "google_iam_workload_identity_pool_provider" "github" {
  # checkov:skip=CKV_GCP_125:it looks for names of repositories; the condition compares their ids, which nobody can take over
  count = var.github == null ? 0 : 1

  workload_identity_pool_id          = google_iam_workload_identity_pool.this.workload_identity_pool_id
  workload_identity_pool_provider_id = "github-${terraform_data.since["github"].input}"
  # Somebody else can take over an abandoned name, but not an id.
  attribute_condition = "assertion.repository_id == '${var.github.repository_id}' && assertion.repository_owner_id == '${var.github.owner_id}'"

  attribute_mapping = {
    # GitHub's own subject can be longer than the 127 bytes that Google accepts.
    "google.subject"         = "assertion.repository_id + ':' + assertion.run_id"
    "attribute.github_event" = "assertion.event_name"
    "attribute.github_ref"   = "assertion.ref"
    # A job on any branch may name an environment. In the subject, what follows the environment is there for Azure.
    "attribute.github_environment" = join(" ", [
      "assertion.ref == 'refs/heads/${var.github.branch}' ?",
      "(assertion.sub + ':ref_protected:').extract(':environment:{environment}:ref_protected:') : ''",
    ])
  }

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_iam_workload_identity_pool_provider" "circleci" {
  count = var.circleci == null ? 0 : 1

  workload_identity_pool_id          = google_iam_workload_identity_pool.this.workload_identity_pool_id
  workload_identity_pool_provider_id = "circleci-${terraform_data.since["circleci"].input}"
  attribute_condition = join(" && ", [
    "assertion['oidc.circleci.com/project-id'] == '${var.circleci.project_id}'",
    "assertion['oidc.circleci.com/vcs-origin'] == '${var.circleci.repository}'",
  ])

  # Names that GitHub's mapping does not use: an attribute does not show which provider set it.
  attribute_mapping = {
    "google.subject"             = "assertion['oidc.circleci.com/project-id']"
    "attribute.circleci_project" = "assertion['oidc.circleci.com/project-id']"
    "attribute.circleci_ref"     = "assertion['oidc.circleci.com/vcs-ref']"
  }

  oidc {
    issuer_uri        = "https://oidc.circleci.com/org/${var.circleci.organization_id}"
    allowed_audiences = [var.circleci.organization_id]
  }
}

resource "google_service_account" "planner" {
  account_id   = "${var.name}-planner"
  display_name = "${var.name} planner"
  description  = "Pipeline: reads what there is in every environment, to plan"
}

resource "google_service_account" "deployer" {
  for_each = var.environments

  account_id   = "${each.value}-deployer"
  display_name = "${each.value} deployer"
  description  = "Pipeline: applies, in the environment ${each.key} alone"
}

resource "google_service_account" "viewer" {
  for_each = var.environments

  account_id   = "${each.value}-viewer"
  display_name = "${each.value} viewer"
  description  = "For people: read access to ${each.value} and the services of its platform, and nothing else"
}
