mock_provider "google" {
  source = "./.."
}

variables {
  name = "test"
}

run "the_service_has_an_account_of_its_own" {
  assert {
    condition     = google_service_account.this.account_id == "test-service" && output.identity_id == "test-service@test-project.iam.gserviceaccount.com"
    error_message = "Not the project's default account."
  }
  assert {
    condition     = output.principal == "serviceAccount:${output.identity_id}"
    error_message = "As IAM names it."
  }
}

run "the_longest_name_still_makes_an_account" {
  variables {
    name = "name-of-sixteen0"
  }
  assert {
    condition     = length(google_service_account.this.account_id) <= 30
    error_message = "30 is what Google takes."
  }
}
