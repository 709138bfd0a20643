resource "google_storage_bucket" "this" {
  # checkov:skip=CKV_GCP_62:the service's own access log shows who read what; a second bucket of logs would cost more than the documents
  # Globally unique, the same for everybody who plans, and known before the apply.
  name     = "${var.place.project}-${var.name}-documents"
  location = var.place.region
  # Every object is a copy of a file in the repository, so a destroy may delete all objects and versions.
  force_destroy = true

  # Disables ACLs, and public access can never be granted.
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  versioning {
    enabled = true
  }

  # Versions keep what was overwritten; billing deleted documents for another week would help nobody.
  soft_delete_policy {
    retention_duration_seconds = 0
  }

  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 30
      with_state                 = "ARCHIVED"
    }
    action {
      type = "Delete"
    }
  }

  lifecycle_rule {
    condition {
      age = 1
    }
    action {
      type = "AbortIncompleteMultipartUpload"
    }
  }
}

resource "google_storage_bucket_object" "document" {
  for_each = var.documents

  bucket       = google_storage_bucket.this.name
  name         = "${each.key}.json"
  content      = each.value
  content_type = "application/json"
}

# Get and list: without the right to list, Storage returns 403 instead of 404 for a missing document.
resource "google_storage_bucket_iam_member" "read" {
  bucket = google_storage_bucket.this.name
  role   = "roles/storage.objectViewer"
  member = var.reader
}
