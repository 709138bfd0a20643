locals {
  # As Cloud Run names them: without the project if it is its own. An instance gets the newest version when it starts.
  # https://cloud.google.com/run/docs/configuring/services/secrets
  secrets = { for variable, id in var.service.secrets : variable => trimprefix(id, "projects/${var.place.project}/secrets/") }
}

resource "google_secret_manager_secret_iam_member" "secret" {
  for_each = toset(values(var.service.secrets))

  project   = split("/", each.key)[1]
  secret_id = split("/", each.key)[3]
  role      = "roles/secretmanager.secretAccessor"
  member    = "serviceAccount:${var.identity_id}"

  # Deleted only after the service no longer uses the secret.
  lifecycle {
    create_before_destroy = true
  }
}

# A right takes some two minutes to take effect, and Cloud Run refuses a revision without it:
# https://cloud.google.com/iam/docs/access-change-propagation
resource "terraform_data" "secrets" {
  count = length(var.service.secrets) > 0 ? 1 : 0

  triggers_replace = values(google_secret_manager_secret_iam_member.secret)[*].id

  provisioner "local-exec" {
    interpreter = ["bash", "-c"]
    command     = "echo 'Waiting 2 minutes until the service may read its secrets' >&2; sleep $${SPREAD:-120}"
  }

  lifecycle {
    create_before_destroy = true
  }
}
