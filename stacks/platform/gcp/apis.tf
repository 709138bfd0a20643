locals {
  # What the platform and its services' stacks ask of Google.
  apis = [
    "artifactregistry", "certificatemanager", "cloudscheduler", "compute", "dns", "iam", "logging", "monitoring", "run", "storage",
  ]
}

# They stay on after a destroy: others in the project may have come to need them, and they cost nothing.
resource "google_project_service" "this" {
  for_each = toset(local.apis)

  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false
}

# An interface that was just turned on answers for a while that it is off, and Google tells nobody when
# that ends: https://cloud.google.com/service-usage/docs/enable-disable
resource "terraform_data" "apis" {
  triggers_replace = keys(google_project_service.this)

  provisioner "local-exec" {
    command = "sleep $${GOOGLE_APIS_WAIT:-60}"
  }

  depends_on = [google_project_service.this]
}
