data "azurerm_client_config" "current" {}

resource "azurerm_storage_account" "this" {
  # checkov:skip=CKV_AZURE_33:there is no queue
  # checkov:skip=CKV_AZURE_43:checkov cannot evaluate the expression; the tests of the module hold it to 24 letters and digits
  # checkov:skip=CKV_AZURE_59:whoever applies may upload from anywhere; without shared keys only identities get in
  # checkov:skip=CKV_AZURE_206:three zones are enough for copies of files in the repository; a second region doubles the price
  # checkov:skip=CKV2_AZURE_1:encrypted with Azure's key; what is served to everybody needs no key of its own
  # checkov:skip=CKV2_AZURE_33:a private endpoint costs 7 USD a month, and nothing is secret
  # Globally unique, at most 24 letters and digits, the same for everybody who plans, and known before the apply.
  name = join("", [
    replace(var.name, "-", ""),
    substr(sha256("${data.azurerm_client_config.current.subscription_id} ${var.place.resource_group} ${var.name}"), 0, 8),
  ])
  resource_group_name = var.place.resource_group
  location            = var.place.location

  account_kind             = "StorageV2"
  account_tier             = "Standard"
  account_replication_type = "ZRS"

  min_tls_version                  = "TLS1_2"
  https_traffic_only_enabled       = true
  shared_access_key_enabled        = false
  default_to_oauth_authentication  = true
  allow_nested_items_to_be_public  = false
  cross_tenant_replication_enabled = false
  local_user_enabled               = false

  # Shared keys, which sign SAS URLs, are off; if they are ever allowed, no URL outlives a day.
  sas_policy {
    expiration_period = "01.00:00:00"
  }

  blob_properties {
    versioning_enabled = true

    delete_retention_policy {
      days = 30
    }

    container_delete_retention_policy {
      days = 30
    }
  }
}

# Deletes overwritten versions after a month; they are billed like the current one.
resource "azurerm_storage_management_policy" "this" {
  storage_account_id = azurerm_storage_account.this.id

  rule {
    name    = "old-versions"
    enabled = true

    filters {
      blob_types = ["blockBlob"]
    }

    actions {
      version {
        delete_after_days_since_creation = 30
      }
    }
  }
}

resource "azurerm_storage_container" "this" {
  # checkov:skip=CKV2_AZURE_21:the service's own access log shows who read what
  name = "documents"
  # By id, through Resource Manager; by name, the provider would call the store itself, which still refuses.
  storage_account_id    = azurerm_storage_account.this.id
  container_access_type = "private"
}
