locals {
  # Unique in the world, the same for everybody who plans, known before the apply.
  bucket = "${var.place.project}-${var.name}-state"
  # Folder whose state is kept, and under which prefix.
  prefixes = {
    "stacks/gcp"           = "stack"
    "stacks/platform/gcp"  = "platform"
    "stacks/vm/gcp"        = "vm"
    "stacks/bootstrap/gcp" = "bootstrap"
  }
}

resource "google_storage_bucket" "this" {
  # checkov:skip=CKV_GCP_62:who read a state stands in the audit log, where data access is turned on for Storage
  name          = local.bucket
  location      = var.place.region
  force_destroy = false

  # Access lists off, and nobody who is not named can ever be let in.
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  versioning {
    enabled = true
  }

  # A week in which even a deleted bucket's states come back.
  soft_delete_policy {
    retention_duration_seconds = 604800
  }

  lifecycle_rule {
    # A state that was broken is noticed within a quarter.
    condition {
      days_since_noncurrent_time = 90
      with_state                 = "ARCHIVED"
    }
    action {
      type = "Delete"
    }
  }

  lifecycle {
    # Without its state, what a stack made must be found and deleted by hand.
    prevent_destroy = true
  }
}
