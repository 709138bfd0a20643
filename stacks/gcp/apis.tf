locals {
  # APIs that the stack needs; some only with a domain or secrets. On a platform, the platform has enabled the others.
  apis = concat(
    var.platform != null ? [] : ["artifactregistry", "cloudscheduler", "compute", "iam", "logging", "monitoring", "run", "storage"],
    var.platform != null || var.domain == null ? [] : ["certificatemanager", "dns"],
    length(var.service.secrets) == 0 ? [] : ["secretmanager"]
  )
}

# They stay enabled after a destroy: others in the project may need them by then, and they cost nothing.
resource "google_project_service" "this" {
  for_each = toset(local.apis)

  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false
}

# For a while, an API that was just enabled still responds that it is disabled, and Google does not report when that
# ends: https://cloud.google.com/service-usage/docs/enable-disable
resource "terraform_data" "apis" {
  count = length(local.apis) > 0 ? 1 : 0

  triggers_replace = keys(google_project_service.this)

  provisioner "local-exec" {
    command = "sleep $${GOOGLE_APIS_WAIT:-60}"
  }

  depends_on = [google_project_service.this]
}
