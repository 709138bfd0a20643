mock_provider "google" {
  source = "./.."
}

variables {
  name  = "test"
  place = { project = "test-project", region = "us-central1" }
}

run "with_the_variables_above" {
  command = plan
  assert {
    condition     = google_storage_bucket.this.versioning[0].enabled && google_storage_bucket.this.soft_delete_policy[0].retention_duration_seconds == 604800
    error_message = "Versioning must be on, so that a broken state can be restored from an earlier version."
  }
  assert {
    condition = alltrue([
      for rule in google_storage_bucket.this.lifecycle_rule :
      one(rule.condition).days_since_noncurrent_time == 90 && one(rule.condition).with_state == "ARCHIVED"
    ])
    error_message = "Old versions must be kept for 90 days."
  }
  assert {
    condition     = google_storage_bucket.this.force_destroy == false
    error_message = "A destroy must not delete states, even if prevent_destroy was removed."
  }
  assert {
    condition     = google_storage_bucket.this.uniform_bucket_level_access && google_storage_bucket.this.public_access_prevention == "enforced"
    error_message = "Access lists must be off and public access prevented: a state holds what its resources return, including secrets."
  }
  assert {
    condition     = length(distinct([for text in values(output.backend) : regex("prefix = \"(.*)\"", text)[0]])) == 4
    error_message = "Each folder must have its own prefix: two folders under one prefix would destroy each other's resources."
  }
  assert {
    condition     = google_storage_bucket.this.name == "test-project-test-state" && strcontains(output.backend["stacks/gcp"], "\"test-project-test-state\"")
    error_message = "The bucket must be named for the project, so that the bootstrap can check whether the name is taken."
  }
}
