mock_provider "google" {
  source = "./.."
}

variables {
  name  = "test"
  place = { project = "test-project", region = "us-central1" }
}

run "every_state_that_was_ever_written_can_be_had_back_for_a_quarter" {
  command = plan
  assert {
    condition     = google_storage_bucket.this.versioning[0].enabled && google_storage_bucket.this.soft_delete_policy[0].retention_duration_seconds == 604800
    error_message = "A state that was broken is put back from its last version."
  }
  assert {
    condition = alltrue([
      for rule in google_storage_bucket.this.lifecycle_rule :
      one(rule.condition).days_since_noncurrent_time == 90 && one(rule.condition).with_state == "ARCHIVED"
    ])
    error_message = "Old versions stay for 90 days."
  }
}

run "a_destroy_does_not_take_states_along" {
  command = plan
  assert {
    condition     = google_storage_bucket.this.force_destroy == false
    error_message = "A bucket with states in it must refuse to go, even where prevent_destroy was taken out."
  }
}

run "nobody_reads_a_state_without_a_right_of_this_project" {
  command = plan
  assert {
    condition     = google_storage_bucket.this.uniform_bucket_level_access && google_storage_bucket.this.public_access_prevention == "enforced"
    error_message = "A state holds what its resources return, secrets too."
  }
}

run "each_folder_has_a_state_of_its_own" {
  command = plan
  assert {
    condition     = length(distinct([for text in values(output.backend) : regex("prefix = \"(.*)\"", text)[0]])) == 3
    error_message = "Two folders under one prefix would destroy each other's resources."
  }
}

run "the_bucket_is_known_before_it_is_made_and_named_for_the_project" {
  command = plan
  assert {
    condition     = google_storage_bucket.this.name == "test-project-test-state" && strcontains(output.backend["stacks/gcp"], "\"test-project-test-state\"")
    error_message = "The bootstrap looks whether the name is taken before it makes anything."
  }
}
