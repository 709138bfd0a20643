mock_provider "azurerm" {
  source          = "./.."
  override_during = plan
}

variables {
  name  = "test"
  place = { resource_group = "test", location = "westeurope" }
}

run "one_identity_without_rights" {
  command = plan
  assert {
    condition = (
      output.identity_id == azurerm_user_assigned_identity.this.id &&
      output.principal == "99999999-1111-2222-3333-444444444444" &&
      output.client_id == "aaaaaaaa-1111-2222-3333-444444444444"
    )
    error_message = "Id, principal and client id must belong to the same identity."
  }
}
