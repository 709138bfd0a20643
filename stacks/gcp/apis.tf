locals {
  # What the stack asks of Google; some only with a domain or secrets. A platform turned the others on.
  apis = concat(
    var.platform != null ? [] : ["artifactregistry", "cloudscheduler", "compute", "iam", "logging", "monitoring", "run", "storage"],
    var.platform != null || var.domain == null ? [] : ["certificatemanager", "dns"],
    length(var.service.secrets) == 0 ? [] : ["secretmanager"]
  )
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
  count = length(local.apis) > 0 ? 1 : 0

  triggers_replace = keys(google_project_service.this)

  provisioner "local-exec" {
    command = "sleep $${GOOGLE_APIS_WAIT:-60}"
  }

  depends_on = [google_project_service.this]
}
