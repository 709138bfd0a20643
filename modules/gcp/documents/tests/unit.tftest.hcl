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
    error_message = "The bucket can never be made public: no access lists, and nobody who is not named."
  }
  assert {
    condition = (
      google_storage_bucket_iam_member.read.bucket == google_storage_bucket.this.name
      && google_storage_bucket_iam_member.read.role == "roles/storage.objectViewer"
      && google_storage_bucket_iam_member.read.member == var.reader
    )
    error_message = "The service reads one bucket and has no role in the project: read and list this bucket, nothing else."
  }
  assert {
    condition     = google_storage_bucket.this.versioning[0].enabled
    error_message = "A document overwritten by mistake can be had back for a month: versions."
  }
  assert {
    condition = anytrue([
      for rule in google_storage_bucket.this.lifecycle_rule :
      one(rule.action).type == "Delete" && one(rule.condition).days_since_noncurrent_time == 30 && one(rule.condition).with_state == "ARCHIVED"
    ])
    error_message = "Old ones for 30 days, and never the newest."
  }
  assert {
    condition     = google_storage_bucket.this.soft_delete_policy[0].retention_duration_seconds == 0
    error_message = "What was deleted is not billed for another week."
  }
  assert {
    condition     = google_storage_bucket.this.force_destroy
    error_message = "A destroy takes documents and versions along: a bucket with objects would refuse to go."
  }
  assert {
    condition     = output.settings == { MERIDIAN_DOCUMENTS_LOCATION = "gs://test-project-test-documents" }
    error_message = "The service is told where its documents are: as the service's configuration expects it; unique in the world by the project's id."
  }
  assert {
    condition = (
      google_storage_bucket_object.document["foo"].name == "foo.json"
      && google_storage_bucket_object.document["foo"].content_type == "application/json"
    )
    error_message = "The service looks for NAME.json."
  }
}
