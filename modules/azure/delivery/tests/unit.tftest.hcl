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
    error_message = "The planner must only read, apart from two actions that refreshing container apps needs."
  }
  assert {
    condition = toset(azurerm_role_definition.planner.permissions[0].data_actions) == toset([
      "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
    ])
    error_message = "The planner must have one right to data: to read blobs, which refreshing the documents needs."
  }
  assert {
    condition = (
      strcontains(azurerm_role_assignment.planner.condition, "containers:name] StringEquals 'documents'") &&
      strcontains(azurerm_role_assignment.planner.condition, "storageAccounts:name] StringEquals 'test01234567'") &&
      azurerm_role_assignment.planner.condition_version == "2.0"
    )
    error_message = "The planner's right to blobs must be limited to documents and the state's account: other blobs must stay out of reach."
  }
  assert {
    condition = { for name, credential in azurerm_federated_identity_credential.deployer : name => credential.subject } == {
      "production-ids" = "repo:someone@1234567/meridian@7654321:environment:production"
      "staging-ids"    = "repo:someone@1234567/meridian@7654321:environment:staging"
    }
    error_message = "A deployer must trust only jobs of its environment: no branch, no pull request, no other environment."
  }
  assert {
    condition = alltrue([
      for credential in concat(values(azurerm_federated_identity_credential.planner), values(azurerm_federated_identity_credential.deployer)) :
      startswith(credential.subject, "repo:someone@1234567/meridian@7654321:") &&
      !strcontains(credential.subject, "*") &&
      credential.audience == tolist(["api://AzureADTokenExchange"]) &&
      credential.issuer == "https://token.actions.githubusercontent.com"
    ])
    error_message = "Trust must name ids, without wildcards: others can take over a name that was given up, but not an id."
  }
  assert {
    condition = toset([for credential in azurerm_federated_identity_credential.planner : credential.subject]) == toset([
      "repo:someone@1234567/meridian@7654321:pull_request",
      "repo:someone@1234567/meridian@7654321:ref:refs/heads/main",
    ])
    error_message = "Only pull requests and the main branch may plan."
  }
  assert {
    condition = [
      for environment in ["production", "staging"] :
      join(" ", flatten(regexall("blobs:path\\] StringEquals '([^']*)'", azurerm_role_assignment.deployer_state[environment].condition)))
      ] == [
      "stack.tfstate vm.tfstate", "stack.tfstateenv:staging vm.tfstateenv:staging",
    ]
    error_message = "A deployer must only write its environment's states, and never the bootstrap's."
  }
  assert {
    condition = alltrue([
      for assignment in azurerm_role_assignment.deployer_state :
      assignment.scope == "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test-bootstrap" &&
      strcontains(assignment.condition, "storageAccounts:name] StringEquals 'test01234567'")
    ])
    error_message = "Rights to states must be assigned outside the states' lock: Azure does not delete assignments on a locked resource."
  }
  assert {
    condition     = azurerm_role_definition.planner.name == "test planner 00000000"
    error_message = "The role's name must contain the subscription's id: names of custom roles are unique in the tenant."
  }
  assert {
    condition = alltrue([for assignment in azurerm_role_assignment.deployer_roles : toset(regexall("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", assignment.condition)) == toset([
      "7f951dda-4ed3-4680-a7ca-43fe172d538d", "4633458b-17de-408a-b874-0445c86b69e6", "ba92f5b4-2d11-453d-a403-e96b0029c9fe", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    ])])
    error_message = "The deployer must only assign four roles, of which none can deploy: pull images, read secrets, read blobs, write blobs."
  }
  assert {
    condition = output.viewer == {
      production = { role = "Reader", scope = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test" }
      staging    = { role = "Reader", scope = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test-staging" }
    }
    error_message = "The viewer must have the role Reader on its stack's resource group only."
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
    error_message = "A deployer must only write its environment's documents: those in the account that the environment's stack creates."
  }
}

run "a_platforms_deployer_reaches_its_services_by_name" {
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
    error_message = "A platform's deployer must reach its own state and its services' states, but no other environment's."
  }
  assert {
    condition = (
      strcontains(azurerm_role_assignment.deployer_documents["staging"].condition, "storageAccounts:name] StringStartsWith 'stg'") &&
      !strcontains(azurerm_role_assignment.deployer_documents["production"].condition, "StringStartsWith")
    )
    error_message = "A platform's deployer must reach the documents of its services."
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
    error_message = "With old_subject each job must be trusted under both forms of its subject."
  }
}

run "with_protected_only_protected_branches_can_deploy" {
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
    error_message = "With protected only a protected branch must be able to deploy, while pull requests can still plan."
  }
}

run "without_a_pipeline_nobody_has_access" {
  variables {
    github = null
  }
  assert {
    condition     = length(azurerm_federated_identity_credential.planner) == 0 && length(azurerm_federated_identity_credential.deployer) == 0
    error_message = "Without a pipeline there must be no federated credential."
  }
}
