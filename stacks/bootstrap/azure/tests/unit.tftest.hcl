# The composition: terraform.tfvars as it is committed, unless a run says otherwise.
mock_provider "azurerm" {
  source          = "../../../modules/azure"
  override_during = plan
}

run "as_committed" {
  command = plan
  assert {
    condition     = toset(keys(output.backend)) == toset(["stacks/azure", "stacks/platform/azure", "stacks/vm/azure", "stacks/bootstrap/azure"])
    error_message = "There must be a backend for each folder with a state, known before anything is created."
  }
  assert {
    condition     = can(regex("^meridian[0-9a-f]{8}\\.azurecr\\.io/meridian$", output.repository_url))
    error_message = "The output must be the shared repository's URL, which the stacks take as repository_url."
  }
  assert {
    condition     = !azurerm_container_registry.this.admin_enabled && !azurerm_container_registry.this.anonymous_pull_enabled
    error_message = "The shared registry must accept identities only: no admin password, no anonymous pull."
  }
  assert {
    # acr purge removes tags that match its filter, the oldest first, and untagged images.
    condition = [
      for tag in ["runs-production-20260101000000", "runs-staging-20260101000000", "0123456789abcdef0123456789abcdef01234567", "0123456789abcdef", "digest-0123"] :
      [
        for step in yamldecode(base64decode(azurerm_container_registry_task.purge.encoded_step[0].task_content)).steps : regex("--keep ([0-9]+)", step.cmd)[0]
        if can(regex(regex("--filter 'meridian:(.*)'", step.cmd)[0], tag))
      ]
    ] == [["100"], ["100"], ["30"], ["30"], ["30"]]
    error_message = "What an environment runs or ran must be kept by that environment's count, however many others are built."
  }
  assert {
    condition = (
      keys(output.settings.all) == ["AZURE_PLANNER", "AZURE_SUBSCRIPTION", "AZURE_TENANT"] &&
      toset(keys(output.settings.environments)) == toset(["production", "staging"]) &&
      alltrue([for values in output.settings.environments : keys(values) == ["AZURE_DEPLOYER"]])
    )
    error_message = "The planner must be set for all jobs, and the deployer only for jobs of its environment."
  }
  assert {
    condition     = toset(keys(output.viewer)) == toset(["production", "staging"])
    error_message = "The output viewer must name each environment."
  }
}
