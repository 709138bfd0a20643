mock_provider "azurerm" {
  source          = "./.."
  override_during = plan
}

variables {
  name  = "test"
  place = { resource_group = "test-bootstrap", location = "westeurope" }
}

run "with_the_variables_above" {
  command = plan
  assert {
    condition = (
      azurerm_storage_account.this.blob_properties[0].versioning_enabled &&
      azurerm_storage_account.this.blob_properties[0].delete_retention_policy[0].days == 90 &&
      azurerm_storage_account.this.blob_properties[0].container_delete_retention_policy[0].days == 90
    )
    error_message = "Versioning must be on, so that a broken state can be restored from an earlier version."
  }
  assert {
    condition     = azurerm_storage_management_policy.this.rule[0].actions[0].version[0].delete_after_days_since_creation == 90
    error_message = "Old versions must be kept for 90 days."
  }
  assert {
    condition     = azurerm_management_lock.this.lock_level == "CanNotDelete" && azurerm_management_lock.this.scope == azurerm_storage_account.this.id
    error_message = "A lock must protect the states: only an owner can delete it, not a contributor of the subscription."
  }
  assert {
    condition = alltrue([
      !azurerm_storage_account.this.shared_access_key_enabled,
      !azurerm_storage_account.this.allow_nested_items_to_be_public,
      !azurerm_storage_account.this.local_user_enabled,
      !azurerm_storage_account.this.cross_tenant_replication_enabled,
      azurerm_storage_container.this.container_access_type == "private",
    ])
    error_message = "Only an identity with the right to a state may read it: a state holds what its resources return, including secrets."
  }
  assert {
    condition     = alltrue([for text in values(output.backend) : can(regex("use_azuread_auth +=.true", text))])
    error_message = "Terraform must sign in with its own identity, without an account key."
  }
  assert {
    condition     = azurerm_storage_account.this.https_traffic_only_enabled && azurerm_storage_account.this.min_tls_version == "TLS1_2"
    error_message = "The account must refuse plain HTTP and TLS below 1.2."
  }
  assert {
    condition     = length(distinct([for text in values(output.backend) : regex("key +=.\"(.*)\"", text)[0]])) == 4
    error_message = "Each folder must have its own key: two folders under one key would destroy each other's resources."
  }
  assert {
    condition = (
      can(regex("^test[0-9a-f]{8}$", azurerm_storage_account.this.name)) &&
      strcontains(output.backend["stacks/azure"], "\"${azurerm_storage_account.this.name}\"")
    )
    error_message = "The account's name must be known before it is created, so that the bootstrap can check whether it is taken."
  }
}
