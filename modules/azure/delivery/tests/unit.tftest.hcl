mock_provider "azurerm" {
  mock_data "azurerm_client_config" {
    defaults = {
      subscription_id = "00000000-0000-4000-8000-000000000001"
      object_id       = "00000000-0000-4000-8000-000000000003"
    }
  }

  mock_data "azurerm_subscription" {
    defaults = {
      id = "/subscriptions/00000000-0000-4000-8000-000000000001"
    }
  }

  mock_resource "azurerm_user_assigned_identity" {
    defaults = {
      id           = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/test-bootstrap/providers/Microsoft.ManagedIdentity/userAssignedIdentities/test"
      client_id    = "00000000-0000-4000-8000-000000000004"
      principal_id = "00000000-0000-4000-8000-000000000005"
    }
  }

  mock_resource "azurerm_role_definition" {
    defaults = {
      role_definition_resource_id = "/subscriptions/00000000-0000-4000-8000-000000000001/providers/Microsoft.Authorization/roleDefinitions/00000000-0000-4000-8000-000000000006"
    }
  }
}

variables {
  name         = "test"
  place        = { resource_group = "test-bootstrap", location = "westeurope" }
  environments = { production = "test", staging = "test-staging" }
  github       = { owner = "someone", owner_id = 1234567, repository = "meridian", repository_id = 7654321 }
  store        = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/test-bootstrap/providers/Microsoft.Storage/storageAccounts/test01234567/blobServices/default/containers/state"
}

run "the_planner_cannot_write" {
  assert {
    condition = toset(azurerm_role_definition.planner.permissions[0].actions) == toset([
      "*/read",
      "Microsoft.App/containerApps/listSecrets/action",
      "Microsoft.App/jobs/listSecrets/action",
    ])
    error_message = "Reading, and the two actions without which a refresh of container apps fails."
  }
  assert {
    condition = toset(azurerm_role_definition.planner.permissions[0].data_actions) == toset([
      "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
    ])
    error_message = "Of blobs it reads, which a refresh of the documents needs."
  }
}

run "the_planner_reads_no_blobs_but_states_and_documents" {
  assert {
    condition = (
      strcontains(azurerm_role_assignment.planner.condition, "containers:name] StringEquals 'documents'") &&
      strcontains(azurerm_role_assignment.planner.condition, "storageAccounts:name] StringEquals 'test01234567'") &&
      azurerm_role_assignment.planner.condition_version == "2.0"
    )
    error_message = "Blobs of others in the subscription must stay out of reach."
  }
}

run "the_deployer_is_reachable_only_from_its_environment" {
  assert {
    condition = { for name, credential in azurerm_federated_identity_credential.deployer : name => credential.subject } == {
      "production-ids" = "repo:someone@1234567/meridian@7654321:environment:production"
      "staging-ids"    = "repo:someone@1234567/meridian@7654321:environment:staging"
    }
    error_message = "No branch, no pull request, no other environment."
  }
}

run "trust_names_ids_and_no_wildcard" {
  assert {
    condition = alltrue([
      for credential in concat(values(azurerm_federated_identity_credential.planner), values(azurerm_federated_identity_credential.deployer)) :
      startswith(credential.subject, "repo:someone@1234567/meridian@7654321:") &&
      !strcontains(credential.subject, "*") &&
      credential.audience == tolist(["api://AzureADTokenExchange"]) &&
      credential.issuer == "https://token.actions.githubusercontent.com"
    ])
    error_message = "Names can be given up and taken by others, ids cannot."
  }
}

run "a_repository_from_before_the_ids_is_let_in_when_asked_for" {
  variables {
    github = { owner = "someone", owner_id = 1234567, repository = "meridian", repository_id = 7654321, old_subject = true }
  }
  assert {
    condition = (
      azurerm_federated_identity_credential.deployer["production-names"].subject == "repo:someone/meridian:environment:production" &&
      length(azurerm_federated_identity_credential.planner) == 4
    )
    error_message = "Both forms, for each job."
  }
}

run "pull_requests_and_the_branch_may_plan" {
  assert {
    condition = toset([for credential in azurerm_federated_identity_credential.planner : credential.subject]) == toset([
      "repo:someone@1234567/meridian@7654321:pull_request",
      "repo:someone@1234567/meridian@7654321:ref:refs/heads/main",
    ])
    error_message = "And no other jobs."
  }
}

run "a_deployer_writes_the_state_of_its_environment_only" {
  assert {
    condition = [
      for environment in ["production", "staging"] :
      join(" ", flatten(regexall("blobs:path\\] StringEquals '([^']*)'", azurerm_role_assignment.deployer_state[environment].condition)))
      ] == [
      "stack.tfstate vm.tfstate", "stack.tfstateenv:staging vm.tfstateenv:staging",
    ]
    error_message = "Never the bootstrap's."
  }
}

run "no_right_stands_under_the_lock_of_the_states" {
  assert {
    condition = alltrue([
      for assignment in azurerm_role_assignment.deployer_state :
      assignment.scope == "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/test-bootstrap" &&
      strcontains(assignment.condition, "storageAccounts:name] StringEquals 'test01234567'")
    ])
    error_message = "An environment could not be taken out again: Azure deletes no assignment on what is locked."
  }
}

run "a_second_subscription_of_the_tenant_has_a_role_of_another_name" {
  assert {
    condition     = azurerm_role_definition.planner.name == "test planner 00000000"
    error_message = "Names of custom roles are the tenant's."
  }
}

run "the_deployer_gives_no_role_that_could_deploy" {
  assert {
    condition = alltrue([for assignment in azurerm_role_assignment.deployer_roles : toset(regexall("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", assignment.condition)) == toset([
      "7f951dda-4ed3-4680-a7ca-43fe172d538d", "4633458b-17de-408a-b874-0445c86b69e6", "ba92f5b4-2d11-453d-a403-e96b0029c9fe", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    ])])
    error_message = "To pull images, to read secrets of a vault, to read and write blobs; neither owner nor contributor."
  }
}

run "the_viewer_sees_this_stack_and_nothing_else" {
  assert {
    condition = output.viewer == {
      production = { role = "Reader", scope = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/test" }
      staging    = { role = "Reader", scope = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/test-staging" }
    }
    error_message = "Its resource group, to read."
  }
}

run "without_a_pipeline_nobody_gets_in" {
  variables {
    github = null
  }
  assert {
    condition     = length(azurerm_federated_identity_credential.planner) == 0 && length(azurerm_federated_identity_credential.deployer) == 0
    error_message = "No credential."
  }
}

run "refuses_two_environments_with_one_stack_and_an_owner_with_a_wildcard" {
  command = plan
  variables {
    environments = { production = "test", staging = "test" }
    github       = { owner = "*", owner_id = 1, repository = "meridian", repository_id = 1 }
  }
  expect_failures = [var.environments, var.github]
}

run "refuses_an_environment_of_no_name_and_ids_that_were_not_filled_in" {
  command = plan
  variables {
    environments = { "" = "test" }
    github       = { owner = "someone", owner_id = 0, repository = "meridian", repository_id = 0 }
  }
  expect_failures = [var.environments, var.github]
}

run "a_deployer_writes_the_documents_of_its_environment_only" {
  assert {
    condition = [
      for environment in ["production", "staging"] : join(" ", flatten(regexall(
        "(?:storageAccounts|containers):name\\] StringEquals '([^']*)'",
        azurerm_role_assignment.deployer_documents[environment].condition
      )))
      ] == [
      "documents test${substr(sha256("00000000-0000-4000-8000-000000000001 test test"), 0, 8)}",
      "documents teststaging${substr(sha256("00000000-0000-4000-8000-000000000001 test-staging test-staging"), 0, 8)}",
    ]
    error_message = "The store that the stack of that environment makes."
  }
}
