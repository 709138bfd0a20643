# They stay enabled after a destroy: others in the project may need them by then, and they cost nothing.
resource "google_project_service" "this" {
  for_each = toset(concat(["artifactregistry", "compute", "iam", "logging", "monitoring"], var.certificate == null ? [] : ["secretmanager"]))

  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false
}

# For a while, an API that was just enabled still responds that it is disabled, and Google does not report when that
# ends: https://cloud.google.com/service-usage/docs/enable-disable
resource "terraform_data" "apis" {
  triggers_replace = keys(google_project_service.this)

  provisioner "local-exec" {
    command = "sleep $${GOOGLE_APIS_WAIT:-60}"
  }

  depends_on = [google_project_service.this]
}
