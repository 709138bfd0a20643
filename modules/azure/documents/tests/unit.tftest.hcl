mock_provider "azurerm" {
  source          = "./.."
  override_during = plan
}

variables {
  name      = "test"
  place     = { resource_group = "test", location = "westeurope" }
  documents = { foo = "{\"message\": \"hello\"}" }
  reader    = "99999999-1111-2222-3333-444444444444"
}

run "with_the_variables_above" {
  command = plan
  assert {
    condition = (
      !azurerm_storage_account.this.shared_access_key_enabled &&
      !azurerm_storage_account.this.allow_nested_items_to_be_public &&
      !azurerm_storage_account.this.local_user_enabled
    )
    error_message = "The account must accept identities only: no keys, no local users, no anonymous access."
  }
  assert {
    condition     = azurerm_storage_container.this.container_access_type == "private" && !azurerm_storage_account.this.cross_tenant_replication_enabled
    error_message = "The container must be private, and must not be replicated to other tenants."
  }
  assert {
    condition     = azurerm_storage_account.this.https_traffic_only_enabled && azurerm_storage_account.this.min_tls_version == "TLS1_2"
    error_message = "The account must refuse plain HTTP and TLS below 1.2."
  }
  assert {
    condition     = azurerm_storage_account.this.account_replication_type == "ZRS" && azurerm_storage_account.this.blob_properties[0].versioning_enabled
    error_message = "Documents must be stored in three zones and versioned."
  }
  assert {
    condition = (
      azurerm_storage_management_policy.this.rule[0].actions[0].version[0].delete_after_days_since_creation == 30 &&
      azurerm_storage_account.this.blob_properties[0].delete_retention_policy[0].days == 30
    )
    error_message = "Old versions and deleted documents must be removed after 30 days."
  }
  assert {
    condition = (
      azurerm_role_assignment.reader.role_definition_name == "Storage Blob Data Reader" &&
      azurerm_role_assignment.reader.scope == azurerm_storage_container.this.id &&
      azurerm_role_assignment.reader.principal_id == var.reader
    )
    error_message = "The service must only read, in this container."
  }
  assert {
    condition = (
      azurerm_role_assignment.writer.role_definition_name == "Storage Blob Data Contributor" &&
      azurerm_role_assignment.writer.scope == azurerm_storage_container.this.id
    )
    error_message = "The identity that applies must have the right to write to this container: even an owner has no right to blobs."
  }
  assert {
    condition     = terraform_data.writable.triggers_replace == azurerm_role_assignment.writer.id
    error_message = "The wait for the right to write must start anew whenever the right is replaced."
  }
  assert {
    condition     = output.settings == { MERIDIAN_DOCUMENTS_LOCATION = "azblob://test01234567.blob.core.windows.net/documents" }
    error_message = "The settings must give the documents' location in the form that the service reads."
  }
  assert {
    condition     = azurerm_storage_blob.document["foo"].name == "foo.json" && azurerm_storage_blob.document["foo"].content_type == "application/json"
    error_message = "The service looks for NAME.json, so each document must have that name."
  }
}

run "the_longest_name_is_valid_for_a_storage_account" {
  command = plan
  variables {
    name = "meridianstagings"
  }
  assert {
    condition     = can(regex("^meridianstagings[0-9a-f]{8}$", azurerm_storage_account.this.name)) && length(azurerm_storage_account.this.name) == 24
    error_message = "The account's name must have at most 24 letters and digits."
  }
}
