# The composition: terraform.tfvars as it is committed, unless a run says otherwise.
mock_provider "azurerm" {
  mock_data "azurerm_client_config" {
    defaults = {
      subscription_id = "00000000-0000-4000-8000-000000000001"
      tenant_id       = "00000000-0000-4000-8000-000000000002"
      object_id       = "00000000-0000-4000-8000-000000000003"
    }
  }

  mock_data "azurerm_subscription" {
    defaults = {
      id = "/subscriptions/00000000-0000-4000-8000-000000000001"
    }
  }

  mock_resource "azurerm_storage_account" {
    override_during = plan
    defaults = {
      id = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/test-bootstrap/providers/Microsoft.Storage/storageAccounts/test01234567"
    }
  }

  mock_resource "azurerm_storage_container" {
    override_during = plan
    defaults = {
      id = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/test-bootstrap/providers/Microsoft.Storage/storageAccounts/test01234567/blobServices/default/containers/state"
    }
  }
}

run "the_backends_and_the_repository_are_known_before_anything_is_made" {
  command = plan
  assert {
    condition     = toset(keys(output.backend)) == toset(["stacks/azure", "stacks/vm/azure", "stacks/bootstrap/azure"])
    error_message = "One for each folder with a state."
  }
  assert {
    condition     = can(regex("^meridian[0-9a-f]{8}\\.azurecr\\.io/meridian$", output.repository_url))
    error_message = "The stacks take it as repository_url."
  }
}

run "nothing_gets_into_the_shared_repository_without_an_identity" {
  command = plan
  assert {
    condition     = !azurerm_container_registry.this.admin_enabled && !azurerm_container_registry.this.anonymous_pull_enabled
    error_message = "No password, nothing for the nameless."
  }
}

run "a_job_outside_its_environment_is_not_even_told_who_deploys" {
  command = plan
  assert {
    condition = (
      keys(output.settings.all) == ["AZURE_PLANNER", "AZURE_SUBSCRIPTION", "AZURE_TENANT"] &&
      toset(keys(output.settings.environments)) == toset(["production", "staging"]) &&
      alltrue([for values in output.settings.environments : keys(values) == ["AZURE_DEPLOYER"]])
    )
    error_message = "The planner for all, the deployer for its environment."
  }
}

run "refuses_a_bad_name_region_subscription_and_so_few_images_that_a_rollback_finds_none" {
  command = plan
  variables {
    name        = "name-of-seventeen"
    region      = "westus" # without zones
    account     = "Pay-As-You-Go"
    keep_images = 9
  }
  expect_failures = [var.name, var.region, var.account, var.keep_images]
}
