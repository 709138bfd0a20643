mock_provider "google" {
  source = "./.."
}

variables {
  name = "test"
}

run "the_service_has_its_own_account" {
  assert {
    condition     = google_service_account.this.account_id == "test-service" && output.identity_id == "test-service@test-project.iam.gserviceaccount.com"
    error_message = "The service must have its own account, not the project's default one."
  }
  assert {
    condition     = output.principal == "serviceAccount:${output.identity_id}"
    error_message = "The output must name the account in the form that IAM uses."
  }
}

run "the_longest_name_is_valid_for_an_account" {
  variables {
    name = "name-of-sixteen0"
  }
  assert {
    condition     = length(google_service_account.this.account_id) <= 30
    error_message = "An account's id must have at most 30 characters, which is Google's limit."
  }
}
