data "azurerm_client_config" "current" {}

locals {
  # Globally unique, at most 24 letters and digits, the same for everybody who plans, and known before the apply.
  account = join("", [
    replace(var.name, "-", ""),
    substr(sha256("${data.azurerm_client_config.current.subscription_id} ${var.place.resource_group} ${var.name}"), 0, 8),
  ])
  container = "state"
  # Maps each folder to the key of its state.
  keys = {
    "stacks/azure"           = "stack.tfstate"
    "stacks/platform/azure"  = "platform.tfstate"
    "stacks/vm/azure"        = "vm.tfstate"
    "stacks/bootstrap/azure" = "bootstrap.tfstate"
  }
}

resource "azurerm_storage_account" "this" {
  # checkov:skip=CKV_AZURE_33:there is no queue
  # checkov:skip=CKV_AZURE_43:the name is a local, which checkov does not evaluate from a stack; a test holds it to Azure's rules
  # checkov:skip=CKV_AZURE_59:pipelines and people write from anywhere; without shared keys only identities get in
  # checkov:skip=CKV_AZURE_206:three zones; a state describes one region, and if that is lost, so is what it describes
  # checkov:skip=CKV2_AZURE_1:encrypted with Azure's key; our own key would not lock out anybody who may read the blobs
  # checkov:skip=CKV2_AZURE_33:a private endpoint costs 7 USD a month and would keep pipelines out
  name                = local.account
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
      days = 90
    }

    container_delete_retention_policy {
      days = 90
    }
  }

  lifecycle {
    # Without its state, a stack's resources must be found and deleted by hand.
    prevent_destroy = true
  }
}

# A broken state is noticed within a quarter.
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
        delete_after_days_since_creation = 90
      }
    }
  }
}

resource "azurerm_storage_container" "this" {
  # checkov:skip=CKV2_AZURE_21:a diagnostic log shows who read a state, if one is turned on for the account
  name = local.container
  # By id, through Resource Manager; by name, the provider would call the store itself, which still refuses.
  storage_account_id    = azurerm_storage_account.this.id
  container_access_type = "private"
}

# A deployer, a contributor on the subscription, could delete the account but not this lock. The lock is created last
# and deleted first, because it also locks the role assignments on the account.
resource "azurerm_management_lock" "this" {
  name       = "states"
  scope      = azurerm_storage_account.this.id
  lock_level = "CanNotDelete"
  notes      = "Holds the states of the stacks; task destroy-bootstrap-azure takes this away."

  depends_on = [azurerm_role_assignment.writer, azurerm_storage_management_policy.this]
}

# An owner of the subscription has no right to blobs. Whoever bootstraps gets it on this container only, and keeps it:
# another person's run must not remove it: https://learn.microsoft.com/azure/storage/blobs/assign-azure-role-data-access
resource "azurerm_role_assignment" "writer" {
  scope                = azurerm_storage_container.this.id
  role_definition_name = "Storage Blob Data Owner"
  principal_id         = data.azurerm_client_config.current.object_id

  lifecycle {
    ignore_changes = [principal_id]
  }
}
