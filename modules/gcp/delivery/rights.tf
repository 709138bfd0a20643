locals {
  # What a refresh of stacks/gcp and stacks/vm/gcp needs; all roles are read-only.
  planner_roles = [
    "roles/artifactregistry.reader",
    "roles/certificatemanager.viewer",
    "roles/cloudscheduler.viewer",
    "roles/compute.viewer",
    "roles/iam.securityReviewer",
    "roles/monitoring.viewer",
    "roles/run.viewer",
  ]
  # Whoever deploys a service decides what it may do; in one project that includes whatever else its service accounts
  # may do. An environment that must be isolated needs its own project. monitoring.editor also contains the right to
  # enable APIs.
  deployer_roles = [
    "roles/certificatemanager.owner",
    "roles/cloudscheduler.admin",
    "roles/compute.admin",
    "roles/dns.admin",
    "roles/iam.serviceAccountCreator",
    "roles/iam.serviceAccountDeleter",
    "roles/iam.serviceAccountUser",
    "roles/monitoring.editor",
    "roles/run.admin",
  ]
  shared  = regex("^(?P<location>[a-z0-9-]+)-docker\\.pkg\\.dev/(?P<project>[a-z0-9-]+)/(?P<repository>[a-z0-9-]+)", var.repository_url)
  buckets = "projects/_/buckets"
  service = "projects/${var.place.project}/locations/${var.place.region}"
  # Prefixes of the stores that an environment's stack and its platform's services create.
  documents = { for environment, stack in var.environments : environment => concat(
    ["${var.place.project}-${stack}-documents"],
    [for platform in [lookup(var.platforms, environment, "")] : "${var.place.project}-${platform}-" if platform != ""],
  ) }
  # An environment's Terraform workspace; production uses the default one.
  workspaces = { for environment in keys(var.environments) : environment => environment == "production" ? "default" : environment }
}

# Writes nothing, not even a lock: a pipeline plans with -lock=false. If somebody applies in the meantime, the plan is
# stale, and Terraform refuses to apply it.
resource "google_project_iam_member" "planner" {
  for_each = toset(local.planner_roles)

  project = var.place.project
  role    = each.key
  member  = google_service_account.planner.member
}

resource "google_storage_bucket_iam_member" "planner" {
  for_each = toset(["roles/storage.legacyBucketReader", "roles/storage.objectViewer"])

  bucket = var.store
  role   = each.key
  member = google_service_account.planner.member
}

# No Google role that reads a bucket's settings allows a condition: the legacy roles can be granted only on buckets,
# which a stack creates after this. https://cloud.google.com/storage/docs/access-control/iam-roles
resource "google_project_iam_custom_role" "documents_reader" {
  role_id     = "${replace(var.name, "-", "_")}_documents_reader_${terraform_data.since["role"].input}"
  title       = "${var.name} documents reader"
  permissions = ["storage.buckets.get", "storage.objects.get"]
}

resource "google_project_iam_member" "planner_documents" {
  # A condition allows twelve ||: https://cloud.google.com/iam/quotas
  for_each = { for index, stores in chunklist(flatten(values(local.documents)), 13) : index => stores }

  project = var.place.project
  role    = google_project_iam_custom_role.documents_reader.name
  member  = google_service_account.planner.member

  condition {
    title      = "documents"
    expression = join(" || ", [for store in each.value : "resource.name.startsWith('${local.buckets}/${store}')"])
  }
}

# Keeps an existing grant instead of granting it again.
moved {
  from = google_project_iam_member.planner_documents
  to   = google_project_iam_member.planner_documents["0"]
}

# Limited by name. Google cannot limit rights to logs or metrics to one service, so these are not included:
# https://cloud.google.com/iam/docs/conditions-resource-attributes
resource "google_project_iam_member" "viewer" {
  for_each = var.environments

  project = var.place.project
  role    = "roles/run.viewer"
  member  = google_service_account.viewer[each.key].member

  condition {
    title = "only-${each.value}"
    expression = join(" || ", flatten([
      [for name in ["services/${each.value}", "jobs/${each.value}-probe"] :
      ["resource.name == '${local.service}/${name}'", "resource.name.startsWith('${local.service}/${name}/')"]],
      # All services of the environment's platform, including future ones.
      [for platform in [lookup(var.platforms, each.key, "")] : [for kind in ["services", "jobs"] :
        "resource.name.startsWith('${local.service}/${kind}/${platform}-')"
      ] if platform != ""],
    ]))
  }
}
