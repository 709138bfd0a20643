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
    error_message = "No password and nobody without a name gets in: identities only."
  }
  assert {
    condition = (
      azurerm_role_assignment.pull[0].role_definition_name == "AcrPull" &&
      azurerm_role_assignment.pull[0].scope == azurerm_container_registry.this[0].id &&
      azurerm_role_assignment.pull[0].principal_id == var.reader
    )
    error_message = "The service may pull and nothing else: AcrPull, from this registry."
  }
  assert {
    condition     = azurerm_role_assignment.pull[0].principal_type == "ServicePrincipal"
    error_message = "A new identity is not found for minutes otherwise."
  }
  assert {
    condition     = length(terraform_data.pull) == 1
    error_message = "A new right is waited for."
  }
  assert {
    condition = yamldecode(
      base64decode(azurerm_container_registry_task.purge[0].encoded_step[0].task_content)
    ).steps[0].cmd == "acr purge --filter 'test:.*' --ago 0d --keep 30 --untagged"
    error_message = "Old images are deleted and stop costing: the newest 30 stay."
  }
  assert {
    condition     = azurerm_container_registry_task.purge[0].timer_trigger[0].schedule == "0 4 * * *"
    error_message = "Once a day."
  }
}

run "the_longest_name_is_one_that_a_registry_may_bear" {
  command = plan
  variables {
    name = "meridian-staging"
  }
  assert {
    condition     = can(regex("^meridianstaging[0-9a-f]{8}$", azurerm_container_registry.this[0].name))
    error_message = "Letters and digits only, 50 at most, with eight digits that tell it from everybody else's."
  }
}

run "another_resource_group_has_another_registry" {
  command = plan
  variables {
    place = { resource_group = "other", location = "westeurope" }
  }
  assert {
    condition     = azurerm_container_registry.this[0].name == "test${substr(sha256("00000000-1111-2222-3333-444444444444 other test"), 0, 8)}"
    error_message = "Subscription, group and name make the digits."
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
    error_message = "Nothing is made."
  }
  assert {
    condition     = endswith(azurerm_role_assignment.pull[0].scope, "/registries/shared")
    error_message = "The right to pull is on that one."
  }
}

run "refuses_a_shared_registry_that_nobody_sees" {
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

run "another_registry_asks_nothing_of_azure" {
  command = plan
  variables {
    repository_url = "ghcr.io/someone/meridian"
  }
  assert {
    condition     = length(azurerm_role_assignment.pull) + length(terraform_data.pull) == 0 && length(data.azurerm_resources.shared) == 0
    error_message = "No right to grant."
  }
}

run "a_shared_registry_whose_host_name_has_a_hash" {
  command = plan
  variables {
    repository_url = "shared-f9b2h3a7c4d6e8x0.azurecr.io/meridian"
  }
  assert {
    condition     = data.azurerm_resources.shared[0].name == "shared" && length(azurerm_role_assignment.pull) == 1
    error_message = "Its name in Azure is what stands before the hyphen."
  }
}
