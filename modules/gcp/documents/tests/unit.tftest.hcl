mock_provider "google" {
  source = "./.."
}

variables {
  name      = "test"
  place     = { project = "test-project", region = "us-central1" }
  documents = { foo = "{\"message\": \"hello\"}" }
  reader    = "serviceAccount:test-service@test-project.iam.gserviceaccount.com"
}

run "the_bucket_can_never_be_made_public" {
  assert {
    condition     = google_storage_bucket.this.public_access_prevention == "enforced" && google_storage_bucket.this.uniform_bucket_level_access
    error_message = "No access lists, and nobody who is not named."
  }
}

run "the_service_reads_one_bucket_and_has_no_role_in_the_project" {
  assert {
    condition = (
      google_storage_bucket_iam_member.read.bucket == google_storage_bucket.this.name
      && google_storage_bucket_iam_member.read.role == "roles/storage.objectViewer"
      && google_storage_bucket_iam_member.read.member == var.reader
    )
    error_message = "Read and list this bucket, nothing else."
  }
}

run "a_document_overwritten_by_mistake_can_be_had_back_for_a_month" {
  assert {
    condition     = google_storage_bucket.this.versioning[0].enabled
    error_message = "Versions."
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
}

run "a_destroy_takes_documents_and_versions_along" {
  assert {
    condition     = google_storage_bucket.this.force_destroy
    error_message = "A bucket with objects would refuse to go."
  }
}

run "the_service_is_told_where_its_documents_are" {
  assert {
    condition     = output.settings == { MERIDIAN_DOCUMENTS_LOCATION = "gs://test-project-test-documents" }
    error_message = "As the service's configuration expects it; unique in the world by the project's id."
  }
  assert {
    condition = (
      google_storage_bucket_object.document["foo"].name == "foo.json"
      && google_storage_bucket_object.document["foo"].content_type == "application/json"
    )
    error_message = "The service looks for NAME.json."
  }
}

# The run fails if one of these is not refused.
run "refuses" {
  command = plan
  variables {
    # a document whose name the service would never ask for
    documents = { "../secret" = "{}" }
    # to let everybody into the bucket
    reader = "allUsers"
  }
  expect_failures = [var.documents, var.reader]
}

run "refuses_a_document_that_is_no_object" {
  command = plan
  variables {
    documents = { list = "[1, 2]" }
  }
  expect_failures = [var.documents]
}

run "refuses_broken_json" {
  command = plan
  variables {
    documents = { broken = "{\"a\": " }
  }
  expect_failures = [var.documents]
}

run "refuses_a_document_larger_than_the_service_serves" {
  command = plan
  variables {
    documents = { large = jsonencode({ text = join("", [for i in range(1024) : format("%01024d", i)]) }) }
  }
  expect_failures = [var.documents]
}
