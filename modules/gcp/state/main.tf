locals {
  # Globally unique, the same for everybody who plans, and known before the apply.
  bucket = "${var.place.project}-${var.name}-state"
  # Maps each folder to the prefix of its state.
  prefixes = {
    "stacks/gcp"           = "stack"
    "stacks/platform/gcp"  = "platform"
    "stacks/vm/gcp"        = "vm"
    "stacks/bootstrap/gcp" = "bootstrap"
  }
}

resource "google_storage_bucket" "this" {
  # checkov:skip=CKV_GCP_62:the audit log shows who read a state, if data access is turned on for Storage
  name          = local.bucket
  location      = var.place.region
  force_destroy = false

  # Disables ACLs, and public access can never be granted.
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  versioning {
    enabled = true
  }

  # For a week, even the states of a deleted bucket can be restored.
  soft_delete_policy {
    retention_duration_seconds = 604800
  }

  lifecycle_rule {
    # A broken state is noticed within a quarter.
    condition {
      days_since_noncurrent_time = 90
      with_state                 = "ARCHIVED"
    }
    action {
      type = "Delete"
    }
  }

  lifecycle {
    # Without its state, a stack's resources must be found and deleted by hand.
    prevent_destroy = true
  }
}
