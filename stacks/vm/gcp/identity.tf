# The machine's rights in Google Cloud; its container gets none of them. An existing account has its rights from whoever
# created it: a pipeline deploys, but grants no rights in the project.
locals {
  machine = var.machine == null ? google_service_account.machine[0].email : var.machine
}

resource "google_service_account" "machine" {
  count = var.machine == null ? 1 : 0

  account_id   = "${var.name}-machine"
  display_name = "Machines of ${var.name}"

  depends_on = [terraform_data.apis]
}

resource "google_artifact_registry_repository_iam_member" "pull" {
  count = var.machine == null ? length(local.pulls) : 0

  project    = local.pulls[count.index].project
  location   = local.pulls[count.index].location
  repository = local.pulls[count.index].repository
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.machine[0].member
}

# For the system's agents: rights to logs and metrics cannot be limited to less than the project.
resource "google_project_iam_member" "machine" {
  for_each = toset(var.machine == null ? ["roles/logging.logWriter", "roles/monitoring.metricWriter"] : [])

  project = var.project
  role    = each.key
  member  = google_service_account.machine[0].member
}

resource "google_secret_manager_secret_iam_member" "certificate" {
  count = var.certificate == null || var.machine != null ? 0 : 1

  secret_id = split("/versions/", var.certificate.secret)[0]
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.machine[0].member
}
