mock_provider "google" {
  source = "./.."

  mock_resource "google_iam_workload_identity_pool" {
    defaults = {
      name = "projects/123456789012/locations/global/workloadIdentityPools/test-pipelines"
    }
  }

  mock_resource "google_service_account" {
    defaults = {
      name   = "projects/test-project/serviceAccounts/test-role@test-project.iam.gserviceaccount.com"
      email  = "test-role@test-project.iam.gserviceaccount.com"
      member = "serviceAccount:test-role@test-project.iam.gserviceaccount.com"
    }
  }

  mock_resource "google_project_iam_custom_role" {
    defaults = {
      name = "projects/test-project/roles/test_custom"
    }
  }
}

variables {
  name         = "test"
  place        = { project = "test-project", region = "us-central1" }
  environments = { production = "test", staging = "test-staging" }
  platforms    = {}
  github       = { owner = "someone", owner_id = 1234567, repository = "meridian", repository_id = 7654321 }
  circleci = {
    organization_id = "00000000-0000-4000-8000-000000000001"
    project_id      = "00000000-0000-4000-8000-000000000002"
    repository      = "github.com/someone/meridian"
  }
  store          = "test-project-test-state"
  repository_url = "us-central1-docker.pkg.dev/test-project/meridian/meridian"
}

run "with_the_variables_above" {
  assert {
    condition = alltrue([
      for role in concat(
        [for member in google_project_iam_member.planner : member.role],
        [for member in google_storage_bucket_iam_member.planner : member.role]
      ) :
      can(regex("(V|v)iewer$|(R|r)eader$|Reviewer$", role))
    ]) && google_project_iam_custom_role.documents_reader.permissions == toset(["storage.buckets.get", "storage.objects.get"])
    error_message = "The planner must have roles to read only."
  }
  assert {
    condition = (
      google_project_iam_member.planner_documents["0"].condition[0].expression
      == join(" || ", [
        "resource.name.startsWith('projects/_/buckets/test-project-test-documents')",
        "resource.name.startsWith('projects/_/buckets/test-project-test-staging-documents')",
      ])
    )
    error_message = "The planner's right to objects must be limited to documents: other objects in the project must stay out of reach."
  }
  assert {
    condition = (
      length([for member in google_project_iam_member.planner : member if strcontains(member.role, "storage") || endswith(member.role, "roles/viewer")])
      == 0
    )
    error_message = "The planner must have neither a storage role nor the role Viewer on the project: both would let it read objects."
  }
  assert {
    condition = (
      endswith(google_service_account_iam_member.deployer["github-staging"].member, "/test-pipelines/attribute.github_environment/staging")
      && endswith(google_service_account_iam_member.deployer["github-production"].member, "/test-pipelines/attribute.github_environment/production")
    )
    error_message = "Each deployer must trust the environment attribute of GitHub's tokens, with its own environment's name."
  }
  assert {
    condition = (
      google_iam_workload_identity_pool_provider.github[0].attribute_mapping["attribute.github_environment"]
      == "assertion.ref == 'refs/heads/main' ? (assertion.sub + ':ref_protected:').extract(':environment:{environment}:ref_protected:') : ''"
    )
    error_message = "Only a token of the main branch with an environment in its subject may get the environment attribute."
  }
  assert {
    condition = (
      keys(google_service_account_iam_member.deployer) == ["circleci-production", "github-production", "github-staging"]
      && endswith(google_service_account_iam_member.deployer["circleci-production"].member, "/attribute.circleci_ref/refs/heads/main")
    )
    error_message = "CircleCI has no environments, so it must only reach production's deployer, from one branch."
  }
  assert {
    condition = (
      google_iam_workload_identity_pool_provider.github[0].attribute_condition
      == "assertion.repository_id == '7654321' && assertion.repository_owner_id == '1234567'"
    )
    error_message = "The condition must compare GitHub's ids exactly, without wildcards."
  }
  assert {
    condition = startswith(
      google_iam_workload_identity_pool_provider.circleci[0].attribute_condition,
      "assertion['oidc.circleci.com/project-id'] == '00000000-0000-4000-8000-000000000002'"
    )
    error_message = "The condition must compare the id of CircleCI's project."
  }
  assert {
    condition = alltrue([
      for member in concat(values(google_service_account_iam_member.planner), values(google_service_account_iam_member.deployer)) :
      !strcontains(member.member, "*") && member.role == "roles/iam.workloadIdentityUser"
    ])
    error_message = "Each member must match one exact attribute value, without wildcards."
  }
  assert {
    condition = (
      length(
        setintersection(
          [for name in keys(google_iam_workload_identity_pool_provider.github[0].attribute_mapping) : name if name != "google.subject"],
          keys(google_iam_workload_identity_pool_provider.circleci[0].attribute_mapping)
        )
      )
      == 0
    )
    error_message = "The pipelines must not share an attribute: a member does not say which provider set it."
  }
  assert {
    condition = [for environment in ["production", "staging"] : google_storage_bucket_iam_member.deployer_state[environment].condition[0].expression] == [
      for workspace in ["default", "staging"] : join(" || ", [
        for stack in ["stack", "vm"] :
        "resource.name.startsWith('projects/_/buckets/test-project-test-state/objects/${stack}/${workspace}.')"
      ])
    ]
    error_message = "A deployer must only write its environment's states and their lock files, and never the bootstrap's state."
  }
  assert {
    condition = (
      length(
        setintersection(
          [for member in google_project_iam_member.deployer : member.role],
          [
            "roles/owner",
            "roles/editor",
            "roles/iam.serviceAccountAdmin",
            "roles/iam.serviceAccountTokenCreator",
            "roles/iam.workloadIdentityPoolAdmin",
            "roles/resourcemanager.projectIamAdmin",
            "roles/storage.admin",
            "roles/artifactregistry.admin",
          ]
        )
      )
      == 0
    )
    error_message = "The deployer must not have a role that could change who deploys, other buckets, or the shared repository."
  }
  assert {
    condition = (
      toset([for member in google_project_iam_member.machine : member.role])
      == toset(["roles/logging.logWriter", "roles/monitoring.metricWriter"])
    )
    error_message = "Machines must only have the project roles for writing logs and metrics."
  }
  assert {
    condition = (
      google_artifact_registry_repository_iam_member.machine.role == "roles/artifactregistry.reader"
      && google_artifact_registry_repository_iam_member.machine.repository == "meridian"
    )
    error_message = "Machines must have the role for reading from the shared repository."
  }
  assert {
    condition = alltrue([
      for member in google_artifact_registry_repository_iam_member.deployer :
      member.role == "roles/artifactregistry.writer" && member.project == "test-project" && member.location == "us-central1" && member.repository == "meridian"
    ])
    error_message = "A deployer must be able to push to the shared repository, but not to delete it."
  }
  assert {
    condition = alltrue([
      for environment, member in google_project_iam_member.viewer :
      member.role == "roles/run.viewer" && alltrue([
        for part in split(" || ", member.condition[0].expression) :
        can(regex(join("", [
          "^resource\\.name( == '|\\.startsWith\\(')projects/test-project/locations/us-central1/",
          "(services/${var.environments[environment]}|jobs/${var.environments[environment]}-probe)('|/'\\))$",
        ]), part))
      ])
    ])
    error_message = "The viewer must see its stack's service and probe only: test must not match test-staging."
  }
}

run "a_deleted_pool_can_be_created_again_although_google_keeps_its_id" {
  command = plan
  assert {
    condition = alltrue([for id in [
      google_iam_workload_identity_pool.this.workload_identity_pool_id,
      google_iam_workload_identity_pool_provider.github[0].workload_identity_pool_provider_id,
      google_iam_workload_identity_pool_provider.circleci[0].workload_identity_pool_provider_id,
      google_project_iam_custom_role.deployer.role_id,
      google_project_iam_custom_role.documents_reader.role_id,
    ] : can(regex("^(test|github|circleci|test_deployer|test_documents_reader)[-_][0-9]{12}$", id))])
    error_message = "Each id must end in twelve digits of the time, because Google keeps deleted ids."
  }
}

run "the_longest_name_fits_into_the_ids" {
  command = plan
  variables {
    name = "a-name-of-16-let"
  }
  assert {
    condition     = length(google_iam_workload_identity_pool.this.workload_identity_pool_id) <= 32
    error_message = "A pool's id must have at most 32 characters, which is Google's limit."
  }
}

run "without_a_pipeline_nobody_has_access" {
  variables {
    github   = null
    circleci = null
  }
  assert {
    condition     = length(google_service_account_iam_member.planner) == 0 && length(google_service_account_iam_member.deployer) == 0 && output.providers == {}
    error_message = "Without a pipeline there must be no provider in the output, and no member."
  }
}

run "a_platforms_deployer_reaches_its_services_by_name" {
  variables {
    platforms = { staging = "stg" }
  }
  assert {
    condition = (
      strcontains(google_storage_bucket_iam_member.deployer_state["staging"].condition[0].expression, "/objects/platform/staging.") &&
      strcontains(google_storage_bucket_iam_member.deployer_state["staging"].condition[0].expression, "/objects/stack/staging_") &&
      !strcontains(google_storage_bucket_iam_member.deployer_state["production"].condition[0].expression, "platform")
    )
    error_message = "A platform's deployer must reach its own state and its services' states, but no other environment's."
  }
  assert {
    condition = (
      strcontains(google_project_iam_member.deployer_documents["staging"].condition[0].expression, "-stg-')") &&
      strcontains(google_project_iam_member.planner_documents["0"].condition[0].expression, "-stg-')") &&
      !strcontains(google_project_iam_member.deployer_documents["production"].condition[0].expression, "-stg-")
    )
    error_message = "A platform's deployer and the planner must reach the documents of its services."
  }
  assert {
    condition = (
      alltrue([for kind in ["services", "jobs"] :
        strcontains(google_project_iam_member.viewer["staging"].condition[0].expression, "startsWith('projects/test-project/locations/us-central1/${kind}/stg-')")
      ]) && !strcontains(google_project_iam_member.viewer["production"].condition[0].expression, "stg-")
    )
    error_message = "The environment's viewer must see the platform's services and jobs."
  }
}

run "a_platform_named_like_the_states_does_not_reach_them" {
  variables {
    platforms = { staging = "sta" }
    store     = "test-project-sta-state"
  }
  assert {
    condition = endswith(google_project_iam_member.deployer_documents["staging"].condition[0].expression, join("", [
      "resource.name.startsWith('projects/_/buckets/test-project-sta-')",
      " && !resource.name.startsWith('projects/_/buckets/test-project-sta-state')",
    ]))
    error_message = "A platform's deployer administers the documents' buckets, and must not reach the bucket with all states."
  }
}

run "many_environments" {
  command = plan
  variables {
    environments = { for number in range(20) : number == 0 ? "production" : "e${number}" => "stack-${number}" }
    platforms    = { for number in range(20) : number == 0 ? "production" : "e${number}" => "p${number}x" }
  }
  assert {
    condition = (
      [for member in google_project_iam_member.planner_documents : length(regexall("\\|\\|", member.condition[0].expression))] == [12, 12, 12, 0]
    )
    error_message = "A condition must have at most twelve logical operators, which is Google's limit."
  }
}
