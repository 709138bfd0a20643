locals {
  own = [for each in google_artifact_registry_repository.this :
  { location = var.region, project = var.project, repository = each.repository_id }]
  repository_url = var.repository_url != null ? var.repository_url : "${var.region}-docker.pkg.dev/${var.project}/${local.own[0].repository}/meridian"
  # An existing repository of Artifact Registry; null for any other registry, which needs no rights in IAM.
  shared = try(regex("^(?P<location>[a-z0-9-]+)-docker\\.pkg\\.dev/(?P<project>[^/]+)/(?P<repository>[^/]+)/", var.repository_url), null)
  pulls  = concat(local.own, local.shared == null ? [] : [local.shared])
}

resource "google_artifact_registry_repository" "this" {
  # checkov:skip=CKV_GCP_84:Google encrypts with its own key; images hold no secrets, and a key of our own costs 0.06 USD a month and an outage when it is lost
  count = var.repository_url == null ? 1 : 0

  location      = var.region
  repository_id = var.name
  description   = "Images of ${var.name}"
  format        = "DOCKER"

  docker_config {
    immutable_tags = true
  }

  cleanup_policy_dry_run = false

  cleanup_policies {
    id     = "keep-newest"
    action = "KEEP"

    most_recent_versions {
      keep_count = var.keep_images
    }
  }

  cleanup_policies {
    id     = "delete-untagged"
    action = "DELETE"

    condition {
      tag_state = "UNTAGGED"
      # A day, so that nothing is deleted between a push and its deployment.
      older_than = "86400s"
    }
  }

  depends_on = [terraform_data.apis]
}

# Builds and pushes app/, or uses the given image.
module "image" {
  source = "../../../modules/image"

  image          = var.image
  repository_url = local.repository_url
  app            = "${path.module}/../../../app"
}
