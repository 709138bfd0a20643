locals {
  place = { project = var.project, region = var.region }
}

module "state" {
  source = "../../../modules/gcp/state"
  place  = local.place

  name = var.name

  depends_on = [terraform_data.apis]
}

# Shared by the environments, whose destroys keep it: one build, pushed once, runs everywhere.
resource "google_artifact_registry_repository" "this" {
  # checkov:skip=CKV_GCP_84:Google encrypts with its own key; images hold no secrets, and a key of our own costs 0.06 USD a month and an outage when it is lost
  location      = var.region
  repository_id = "${var.name}-shared"
  description   = "Images of all environments"
  format        = "DOCKER"

  docker_config {
    # A deployed tag always names the same image.
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

  lifecycle {
    # All environments pull their images from here.
    prevent_destroy = true
  }

  depends_on = [terraform_data.apis]
}

module "delivery" {
  source = "../../../modules/gcp/delivery"
  place  = local.place

  name           = var.name
  environments   = var.environments
  platforms      = var.platforms
  github         = var.github
  circleci       = var.circleci
  store          = module.state.store
  repository_url = local.repository_url

  depends_on = [terraform_data.apis]
}
