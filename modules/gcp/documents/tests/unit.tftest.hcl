mock_provider "google" {
  source = "./.."
}

variables {
  name      = "test"
  place     = { project = "test-project", region = "us-central1" }
  documents = { foo = "{\"message\": \"hello\"}" }
  reader    = "serviceAccount:test-service@test-project.iam.gserviceaccount.com"
}

run "with_the_variables_above" {
  assert {
    condition     = google_storage_bucket.this.public_access_prevention == "enforced" && google_storage_bucket.this.uniform_bucket_level_access
    error_message = "Public access must be prevented, and access lists must be off."
  }
  assert {
    condition = (
      google_storage_bucket_iam_member.read.bucket == google_storage_bucket.this.name
      && google_storage_bucket_iam_member.read.role == "roles/storage.objectViewer"
      && google_storage_bucket_iam_member.read.member == var.reader
    )
    error_message = "The service must have the role for reading objects on this bucket."
  }
  assert {
    condition     = google_storage_bucket.this.versioning[0].enabled
    error_message = "Versioning must be on, so that an overwritten document can be restored."
  }
  assert {
    condition = anytrue([
      for rule in google_storage_bucket.this.lifecycle_rule :
      one(rule.action).type == "Delete" && one(rule.condition).days_since_noncurrent_time == 30 && one(rule.condition).with_state == "ARCHIVED"
    ])
    error_message = "Old versions must be deleted after 30 days, but never the current one."
  }
  assert {
    condition     = google_storage_bucket.this.soft_delete_policy[0].retention_duration_seconds == 0
    error_message = "Soft delete must be off, so that deleted documents are not billed for another week."
  }
  assert {
    condition     = google_storage_bucket.this.force_destroy
    error_message = "A destroy must delete documents and versions: Google refuses to delete a bucket that is not empty."
  }
  assert {
    condition     = output.settings == { MERIDIAN_DOCUMENTS_LOCATION = "gs://test-project-test-documents" }
    error_message = "The settings must give the documents' location in the form that the service reads; the project's id makes it unique."
  }
  assert {
    condition = (
      google_storage_bucket_object.document["foo"].name == "foo.json"
      && google_storage_bucket_object.document["foo"].content_type == "application/json"
    )
    error_message = "The service looks for NAME.json, so each document must have that name."
  }
}
