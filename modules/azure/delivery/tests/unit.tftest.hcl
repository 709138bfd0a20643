mock_provider "azurerm" {
  source = "./.."

  mock_resource "azurerm_role_definition" {
    defaults = {
      role_definition_resource_id = "/subscriptions/00000000-1111-2222-3333-444444444444/providers/Microsoft.Authorization/roleDefinitions/00000000-0000-4000-8000-000000000006"
    }
  }
}

variables {
  name         = "test"
  place        = { resource_group = "test-bootstrap", location = "westeurope" }
  environments = { production = "test", staging = "test-staging" }
  platforms    = {}
  github       = { owner = "someone", owner_id = 1234567, repository = "meridian", repository_id = 7654321 }
  store        = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test-bootstrap/providers/Microsoft.Storage/storageAccounts/test01234567/blobServices/default/containers/state"
}

run "with_the_variables_above" {
  assert {
    condition = toset(azurerm_role_definition.planner.permissions[0].actions) == toset([
      "*/read",
      "Microsoft.App/containerApps/listSecrets/action",
      "Microsoft.App/jobs/listSecrets/action",
    ])
    error_message = "The planner cannot write: reading, and the two actions without which a refresh of container apps fails."
  }
  assert {
    condition = toset(azurerm_role_definition.planner.permissions[0].data_actions) == toset([
      "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
    ])
    error_message = "Of blobs it reads, which a refresh of the documents needs."
  }
  assert {
    condition = (
      strcontains(azurerm_role_assignment.planner.condition, "containers:name] StringEquals 'documents'") &&
      strcontains(azurerm_role_assignment.planner.condition, "storageAccounts:name] StringEquals 'test01234567'") &&
      azurerm_role_assignment.planner.condition_version == "2.0"
    )
    error_message = "The planner reads no blobs but states and documents: blobs of others in the subscription must stay out of reach."
  }
  assert {
    condition = { for name, credential in azurerm_federated_identity_credential.deployer : name => credential.subject } == {
      "production-ids" = "repo:someone@1234567/meridian@7654321:environment:production"
      "staging-ids"    = "repo:someone@1234567/meridian@7654321:environment:staging"
    }
    error_message = "The deployer is reachable only from its environment: no branch, no pull request, no other environment."
  }
  assert {
    condition = alltrue([
      for credential in concat(values(azurerm_federated_identity_credential.planner), values(azurerm_federated_identity_credential.deployer)) :
      startswith(credential.subject, "repo:someone@1234567/meridian@7654321:") &&
      !strcontains(credential.subject, "*") &&
      credential.audience == tolist(["api://AzureADTokenExchange"]) &&
      credential.issuer == "https://token.actions.githubusercontent.com"
    ])
    error_message = "Trust names ids and no wildcard: names can be given up and taken by others, ids cannot."
  }
  assert {
    condition = toset([for credential in azurerm_federated_identity_credential.planner : credential.subject]) == toset([
      "repo:someone@1234567/meridian@7654321:pull_request",
      "repo:someone@1234567/meridian@7654321:ref:refs/heads/main",
    ])
    error_message = "Pull requests and the branch may plan, and no other jobs."
  }
  assert {
    condition = [
      for environment in ["production", "staging"] :
      join(" ", flatten(regexall("blobs:path\\] StringEquals '([^']*)'", azurerm_role_assignment.deployer_state[environment].condition)))
      ] == [
      "stack.tfstate vm.tfstate", "stack.tfstateenv:staging vm.tfstateenv:staging",
    ]
    error_message = "A deployer writes the state of its environment only: never the bootstrap's."
  }
  assert {
    condition = alltrue([
      for assignment in azurerm_role_assignment.deployer_state :
      assignment.scope == "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test-bootstrap" &&
      strcontains(assignment.condition, "storageAccounts:name] StringEquals 'test01234567'")
    ])
    error_message = "No right stands under the lock of the states. An environment could not be taken out again: Azure deletes no assignment on what is locked."
  }
  assert {
    condition     = azurerm_role_definition.planner.name == "test planner 00000000"
    error_message = "A second subscription of the tenant has a role of another name: names of custom roles are the tenant's."
  }
  assert {
    condition = alltrue([for assignment in azurerm_role_assignment.deployer_roles : toset(regexall("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", assignment.condition)) == toset([
      "7f951dda-4ed3-4680-a7ca-43fe172d538d", "4633458b-17de-408a-b874-0445c86b69e6", "ba92f5b4-2d11-453d-a403-e96b0029c9fe", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    ])])
    error_message = "The deployer gives no role that could deploy: to pull images, read a vault's secrets, read and write blobs; neither owner nor contributor."
  }
  assert {
    condition = output.viewer == {
      production = { role = "Reader", scope = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test" }
      staging    = { role = "Reader", scope = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test-staging" }
    }
    error_message = "The viewer sees this stack and nothing else: its resource group, to read."
  }
  assert {
    condition = [
      for environment in ["production", "staging"] : join(" ", flatten(regexall(
        "(?:storageAccounts|containers):name\\] StringEquals '([^']*)'",
        azurerm_role_assignment.deployer_documents[environment].condition
      )))
      ] == [
      "documents test${substr(sha256("00000000-1111-2222-3333-444444444444 test test"), 0, 8)}",
      "documents teststaging${substr(sha256("00000000-1111-2222-3333-444444444444 test-staging test-staging"), 0, 8)}",
    ]
    error_message = "A deployer writes the documents of its environment only: the store that the stack of that environment makes."
  }
}

run "a_deployer_of_a_platform_reaches_its_services_by_their_names" {
  variables {
    platforms = { staging = "stg" }
  }
  assert {
    condition = [
      for environment in ["production", "staging"] :
      join(" ", [for found in regexall("blobs:path\\] (String[A-Za-z]*) '([^']*)'", azurerm_role_assignment.deployer_state[environment].condition) : join(" ", found)])
      ] == [
      "StringEquals stack.tfstate StringEquals vm.tfstate",
      "StringEquals stack.tfstateenv:staging StringEquals vm.tfstateenv:staging StringEquals platform.tfstateenv:staging StringStartsWith stack.tfstateenv:staging_",
    ]
    error_message = "The platform's state, and those of all its services, those to come too; no other environment's."
  }
  assert {
    condition = (
      strcontains(azurerm_role_assignment.deployer_documents["staging"].condition, "storageAccounts:name] StringStartsWith 'stg'") &&
      !strcontains(azurerm_role_assignment.deployer_documents["production"].condition, "StringStartsWith")
    )
    error_message = "And their documents."
  }
}

run "a_repository_without_ids_is_trusted_if_requested" {
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

run "with_protected_a_job_of_another_branch_is_shut_out" {
  variables {
    github = { owner = "someone", owner_id = 1234567, repository = "meridian", repository_id = 7654321, protected = true }
  }
  assert {
    condition = toset([
      for credential in concat(values(azurerm_federated_identity_credential.planner), values(azurerm_federated_identity_credential.deployer)) :
      trimprefix(credential.subject, "repo:someone@1234567/meridian@7654321:")
      ]) == toset([
      "environment:production:ref_protected:true", "environment:staging:ref_protected:true",
      "pull_request:ref_protected:false", "ref:refs/heads/main:ref_protected:true",
    ])
    error_message = "A pull request is planned, and what is deployed comes from a protected branch."
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
