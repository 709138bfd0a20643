mock_provider "azurerm" {
  mock_data "azurerm_client_config" {
    defaults = {
      subscription_id = "00000000-0000-4000-8000-000000000001"
      tenant_id       = "00000000-0000-4000-8000-000000000002"
      object_id       = "00000000-0000-4000-8000-000000000003"
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

variables {
  name  = "test"
  place = { resource_group = "test-bootstrap", location = "westeurope" }
}

run "every_state_that_was_ever_written_can_be_had_back_for_a_quarter" {
  command = plan
  assert {
    condition = (
      azurerm_storage_account.this.blob_properties[0].versioning_enabled &&
      azurerm_storage_account.this.blob_properties[0].delete_retention_policy[0].days == 90 &&
      azurerm_storage_account.this.blob_properties[0].container_delete_retention_policy[0].days == 90
    )
    error_message = "A state that was broken is put back from its last version."
  }
  assert {
    condition     = azurerm_storage_management_policy.this.rule[0].actions[0].version[0].delete_after_days_since_creation == 90
    error_message = "Old versions stay for 90 days."
  }
}

run "a_contributor_of_the_subscription_cannot_delete_the_states" {
  command = plan
  assert {
    condition     = azurerm_management_lock.this.lock_level == "CanNotDelete" && azurerm_management_lock.this.scope == azurerm_storage_account.this.id
    error_message = "To delete the lock takes an owner."
  }
}

run "nobody_reads_a_state_without_an_identity_that_has_the_right" {
  command = plan
  assert {
    condition = alltrue([
      !azurerm_storage_account.this.shared_access_key_enabled,
      !azurerm_storage_account.this.allow_nested_items_to_be_public,
      !azurerm_storage_account.this.local_user_enabled,
      !azurerm_storage_account.this.cross_tenant_replication_enabled,
      azurerm_storage_container.this.container_access_type == "private",
    ])
    error_message = "A state holds what its resources return, secrets too."
  }
  assert {
    condition     = alltrue([for text in values(output.backend) : can(regex("use_azuread_auth +=.true", text))])
    error_message = "Terraform signs in as itself and asks for no key."
  }
}

run "no_state_travels_in_plain_text" {
  command = plan
  assert {
    condition     = azurerm_storage_account.this.https_traffic_only_enabled && azurerm_storage_account.this.min_tls_version == "TLS1_2"
    error_message = "TLS 1.2 and up."
  }
}

run "each_folder_has_a_state_of_its_own" {
  command = plan
  assert {
    condition     = length(distinct([for text in values(output.backend) : regex("key +=.\"(.*)\"", text)[0]])) == 3
    error_message = "Two folders under one key would destroy each other's resources."
  }
}

run "the_account_is_known_before_it_is_made" {
  command = plan
  assert {
    condition = (
      can(regex("^test[0-9a-f]{8}$", azurerm_storage_account.this.name)) &&
      strcontains(output.backend["stacks/azure"], "\"${azurerm_storage_account.this.name}\"")
    )
    error_message = "The bootstrap looks whether the name is taken before it makes anything."
  }
}
