# The composition: terraform.tfvars as it is committed, unless a run says otherwise.
mock_provider "google" {
  source = "../../../modules/gcp"

  mock_resource "google_service_account" {
    override_during = plan
    defaults = {
      name   = "projects/test-project/serviceAccounts/test-role@test-project.iam.gserviceaccount.com"
      email  = "test-role@test-project.iam.gserviceaccount.com"
      member = "serviceAccount:test-role@test-project.iam.gserviceaccount.com"
    }
  }

  mock_resource "google_iam_workload_identity_pool_provider" {
    override_during = plan
    defaults = {
      name = "projects/123456789012/locations/global/workloadIdentityPools/meridian-pipelines/providers/test"
    }
  }
}

variables {
  project = "test-project"
}

run "with_the_variables_above" {
  command = plan
  assert {
    condition     = toset(keys(output.backend)) == toset(["stacks/gcp", "stacks/platform/gcp", "stacks/vm/gcp", "stacks/bootstrap/gcp"])
    error_message = "There must be a backend for each folder with a state, known before anything is created."
  }
  assert {
    condition     = output.repository_url == "us-central1-docker.pkg.dev/test-project/meridian-shared/meridian"
    error_message = "The output must be the shared repository's URL, which the stacks take as repository_url."
  }
  assert {
    condition     = google_artifact_registry_repository.this.docker_config[0].immutable_tags
    error_message = "Tags in the shared repository must be immutable: what was deployed under a tag must not change."
  }
  assert {
    condition     = toset(keys(output.viewer)) == toset(["production", "staging"])
    error_message = "The output viewer must name each environment."
  }
}

run "a_job_outside_an_environment_does_not_get_the_deployer" {
  command = plan
  variables {
    github = { owner = "someone", owner_id = 1234567, repository = "meridian", repository_id = 7654321 }
  }
  assert {
    condition = (
      keys(output.settings.all) == ["GCP_PLANNER", "GCP_PROJECT", "GCP_PROVIDER"]
      && toset(keys(output.settings.environments)) == toset(["production", "staging"])
      && alltrue([for values in output.settings.environments : keys(values) == ["GCP_DEPLOYER"]])
    )
    error_message = "The planner must be set for all jobs, and the deployer only for jobs of its environment."
  }
}
