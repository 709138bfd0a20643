mock_provider "google" {
  source = "./.."
}

variables {
  name           = "test"
  place          = { project = "test-project", region = "us-central1" }
  keep_images    = 30
  repository_url = null
}

run "with_the_variables_above" {
  assert {
    condition = (
      google_artifact_registry_repository.this[0].docker_config[0].immutable_tags
      && google_artifact_registry_repository.this[0].format == "DOCKER"
    )
    error_message = "Tags must be immutable: what was deployed under a tag must not change."
  }
  assert {
    condition     = !google_artifact_registry_repository.this[0].cleanup_policy_dry_run
    error_message = "The cleanup must not be a dry run, which deletes nothing and is Google's default in places."
  }
  assert {
    condition = (
      { for policy in google_artifact_registry_repository.this[0].cleanup_policies : policy.action => policy.id }
      == { KEEP = "keep-newest", DELETE = "delete-untagged" }
    )
    error_message = "There must be one policy to keep the newest images and one to delete untagged ones."
  }
  assert {
    condition     = flatten([for policy in google_artifact_registry_repository.this[0].cleanup_policies : policy.most_recent_versions[*].keep_count]) == [30]
    error_message = "The newest 30 images must be kept."
  }
  assert {
    condition     = output.repository_url == "us-central1-docker.pkg.dev/test-project/test/meridian"
    error_message = "The repository's URL must name region, project, repository and image."
  }
}

run "a_shared_repository_is_used_and_none_created" {
  variables {
    repository_url = "europe-west1-docker.pkg.dev/shared-project/meridian/meridian"
  }
  assert {
    condition = (
      length(google_artifact_registry_repository.this) == 0
      && output.repository_url == "europe-west1-docker.pkg.dev/shared-project/meridian/meridian"
    )
    error_message = "The given repository must be used."
  }
}
