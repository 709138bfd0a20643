# The composition: terraform.tfvars as it is committed, unless a run says otherwise.
mock_provider "azurerm" {
  source          = "../../../modules/azure"
  override_during = plan
}

run "as_committed" {
  command = plan
  assert {
    condition     = toset(keys(output.backend)) == toset(["stacks/azure", "stacks/vm/azure", "stacks/bootstrap/azure"])
    error_message = "The backends and the repository are known before anything is made: one for each folder with a state."
  }
  assert {
    condition     = can(regex("^meridian[0-9a-f]{8}\\.azurecr\\.io/meridian$", output.repository_url))
    error_message = "The stacks take it as repository_url."
  }
  assert {
    condition     = !azurerm_container_registry.this.admin_enabled && !azurerm_container_registry.this.anonymous_pull_enabled
    error_message = "Nothing gets into the shared repository without an identity: no password, nothing for the nameless."
  }
  assert {
    condition = (
      keys(output.settings.all) == ["AZURE_PLANNER", "AZURE_SUBSCRIPTION", "AZURE_TENANT"] &&
      toset(keys(output.settings.environments)) == toset(["production", "staging"]) &&
      alltrue([for values in output.settings.environments : keys(values) == ["AZURE_DEPLOYER"]])
    )
    error_message = "A job outside its environment is not even told who deploys: the planner for all, the deployer for its environment."
  }
  assert {
    condition     = toset(keys(output.viewer)) == toset(["production", "staging"])
    error_message = "Whoever may only look is told how, for each environment."
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
