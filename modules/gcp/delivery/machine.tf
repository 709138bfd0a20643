# The account of the virtual machines in every environment. Their agents need rights on the whole project, and whoever
# may change the project's policy may do everything. So the deployer may not, and uses this existing account.
resource "google_service_account" "machine" {
  account_id   = "${var.name}-machine"
  display_name = "${var.name} machine"
  description  = "What virtual machines may do: pull images, write logs and metrics"
}

resource "google_project_iam_member" "machine" {
  for_each = toset(["roles/logging.logWriter", "roles/monitoring.metricWriter"])

  project = var.place.project
  role    = each.key
  member  = google_service_account.machine.member
}

resource "google_artifact_registry_repository_iam_member" "machine" {
  project    = local.shared.project
  location   = local.shared.location
  repository = local.shared.repository
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.machine.member
}
