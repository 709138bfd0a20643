# Nobody needs the right to pull: Cloud Run fetches images as its own service agent, which may read every repository of
# its project. A repository of another project must let that agent in:
# https://cloud.google.com/run/docs/deploying#other-projects
resource "google_artifact_registry_repository" "this" {
  # checkov:skip=CKV_GCP_84:Google encrypts with its own key; images hold no secrets, and a key of our own costs 0.06 USD a month and an outage when it is lost
  count = var.repository_url == null ? 1 : 0

  location      = var.place.region
  repository_id = var.name
  description   = "Images of ${var.name}"
  format        = "DOCKER"

  docker_config {
    # A deployed tag always names the same image. Such an image can only be deleted together with the repository:
    # https://cloud.google.com/artifact-registry/docs/repositories/update-repo-settings
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
}
