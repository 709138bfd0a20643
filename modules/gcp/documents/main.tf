resource "google_storage_bucket" "this" {
  # checkov:skip=CKV_GCP_62:who read what stands in the service's own access log; a second bucket of logs would cost more than the documents
  # Unique in the world, the same for everybody who plans, known before the apply.
  name     = "${var.place.project}-${var.name}-documents"
  location = var.place.region
  # Every object is a copy of a file in the repository, so a destroy takes them and their versions along.
  force_destroy = true

  # Access lists off, and nobody who is not named can ever be let in.
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  versioning {
    enabled = true
  }

  # Versions keep what was overwritten; to bill what was deleted for a week besides helps nobody.
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

# Get and list: without the right to list, Storage answers 403 in place of 404 for a document that is
# not there.
resource "google_storage_bucket_iam_member" "read" {
  bucket = google_storage_bucket.this.name
  role   = "roles/storage.objectViewer"
  member = var.reader
}
