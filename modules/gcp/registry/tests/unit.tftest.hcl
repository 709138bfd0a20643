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
    error_message = "A deployed tag stays what it was: tags must not be moved."
  }
  assert {
    condition     = !google_artifact_registry_repository.this[0].cleanup_policy_dry_run
    error_message = "What has no tag is cleaned up but for the newest: a dry run deletes nothing, and is Google's default in places."
  }
  assert {
    condition = (
      { for policy in google_artifact_registry_repository.this[0].cleanup_policies : policy.action => policy.id }
      == { KEEP = "keep-newest", DELETE = "delete-untagged" }
    )
    error_message = "One to keep, one to delete."
  }
  assert {
    condition     = flatten([for policy in google_artifact_registry_repository.this[0].cleanup_policies : policy.most_recent_versions[*].keep_count]) == [30]
    error_message = "The newest 30 stay."
  }
  assert {
    condition     = output.repository_url == "us-central1-docker.pkg.dev/test-project/test/meridian"
    error_message = "The repository stands in the region and holds one image: HOST/PROJECT/REPOSITORY/IMAGE, known before the apply."
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
