mock_provider "google" {
  source = "./.."
}

variables {
  name           = "test"
  place          = { project = "test-project", region = "us-central1" }
  keep_images    = 30
  repository_url = null
}

run "a_deployed_tag_stays_what_it_was" {
  assert {
    condition = (
      google_artifact_registry_repository.this[0].docker_config[0].immutable_tags
      && google_artifact_registry_repository.this[0].format == "DOCKER"
    )
    error_message = "Tags must not be moved."
  }
}

run "what_has_no_tag_is_cleaned_up_but_for_the_newest" {
  assert {
    condition     = !google_artifact_registry_repository.this[0].cleanup_policy_dry_run
    error_message = "A dry run deletes nothing, and is Google's default in places."
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
}

run "the_repository_stands_in_the_region_and_holds_one_image" {
  assert {
    condition     = output.repository_url == "us-central1-docker.pkg.dev/test-project/test/meridian"
    error_message = "HOST/PROJECT/REPOSITORY/IMAGE, known before the apply."
  }
}

run "a_shared_repository_is_used_and_not_made" {
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

# The run fails if one of these is not refused.
run "refuses" {
  command = plan
  variables {
    # to keep so few images that a rollback finds none
    keep_images = 9
    # a repository with a scheme or tag
    repository_url = "https://us-central1-docker.pkg.dev/test-project/test/meridian:1"
  }
  expect_failures = [var.keep_images, var.repository_url]
}
