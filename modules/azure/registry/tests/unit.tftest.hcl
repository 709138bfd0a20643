mock_provider "azurerm" {
  source          = "./.."
  override_during = plan
}

variables {
  name           = "test"
  place          = { resource_group = "test", location = "westeurope" }
  keep_images    = 30
  repository_url = null
  reader         = "99999999-1111-2222-3333-444444444444"
}

run "with_the_variables_above" {
  command = plan
  assert {
    condition     = !azurerm_container_registry.this[0].admin_enabled && !azurerm_container_registry.this[0].anonymous_pull_enabled
    error_message = "The registry must accept identities only: no admin password, no anonymous pull."
  }
  assert {
    condition = (
      azurerm_role_assignment.pull[0].role_definition_name == "AcrPull" &&
      azurerm_role_assignment.pull[0].scope == azurerm_container_registry.this[0].id &&
      azurerm_role_assignment.pull[0].principal_id == var.reader
    )
    error_message = "The service must have the role AcrPull on this registry."
  }
  assert {
    condition     = azurerm_role_assignment.pull[0].principal_type == "ServicePrincipal"
    error_message = "The assignment must name the principal's type: otherwise Azure may not find a new identity for minutes."
  }
  assert {
    condition     = length(terraform_data.pull) == 1
    error_message = "There must be a wait until a new right to pull works."
  }
  assert {
    condition = yamldecode(
      base64decode(azurerm_container_registry_task.purge[0].encoded_step[0].task_content)
    ).steps[0].cmd == "acr purge --filter 'test:.*' --ago 0d --keep 30 --untagged"
    error_message = "The registry must keep only the newest 30 images."
  }
  assert {
    condition     = azurerm_container_registry_task.purge[0].timer_trigger[0].schedule == "0 4 * * *"
    error_message = "The purge must run once a day."
  }
}

run "the_longest_name_is_valid_for_a_registry" {
  command = plan
  variables {
    name = "meridian-staging"
  }
  assert {
    condition     = can(regex("^meridianstaging[0-9a-f]{8}$", azurerm_container_registry.this[0].name))
    error_message = "The registry's name must have letters and digits only, and end in eight hexadecimal digits that make it unique."
  }
}

run "another_resource_group_has_another_registry" {
  command = plan
  variables {
    place = { resource_group = "other", location = "westeurope" }
  }
  assert {
    condition     = azurerm_container_registry.this[0].name == "test${substr(sha256("00000000-1111-2222-3333-444444444444 other test"), 0, 8)}"
    error_message = "The digits must depend on subscription, resource group and name."
  }
}

run "a_shared_registry_is_read_and_none_created" {
  command = plan
  variables {
    repository_url = "shared.azurecr.io/meridian"
  }
  assert {
    condition = (
      length(azurerm_container_registry.this) == 0 &&
      length(azurerm_container_registry_task.purge) == 0 &&
      output.repository_url == "shared.azurecr.io/meridian"
    )
    error_message = "With a shared registry no registry and no purge may be created, and the given repository must be used."
  }
  assert {
    condition     = endswith(azurerm_role_assignment.pull[0].scope, "/registries/shared")
    error_message = "The right to pull must be on the shared registry."
  }
}

run "refuses_a_shared_registry_that_is_not_found" {
  command = plan
  variables {
    repository_url = "elsewhere.azurecr.io/meridian"
  }
  override_data {
    target = data.azurerm_resources.shared[0]
    values = { resources = [] }
  }
  expect_failures = [data.azurerm_resources.shared[0]]
}

run "another_registry_needs_nothing_from_azure" {
  command = plan
  variables {
    repository_url = "ghcr.io/someone/meridian"
  }
  assert {
    condition     = length(azurerm_role_assignment.pull) + length(terraform_data.pull) == 0 && length(data.azurerm_resources.shared) == 0
    error_message = "A registry outside Azure must need no role assignment, no wait and no lookup."
  }
}

run "a_shared_registry_whose_host_name_has_a_hash" {
  command = plan
  variables {
    repository_url = "shared-f9b2h3a7c4d6e8x0.azurecr.io/meridian"
  }
  assert {
    condition     = data.azurerm_resources.shared[0].name == "shared" && length(azurerm_role_assignment.pull) == 1
    error_message = "The registry's name in Azure must be the part before the hyphen."
  }
}
