data "azurerm_client_config" "current" {}

locals {
  # Globally unique, only letters and digits, the same for everybody who plans, and known before the apply.
  registry = join("", [
    replace(var.name, "-", ""),
    substr(sha256("${data.azurerm_client_config.current.subscription_id} ${azurerm_resource_group.this.name} ${var.name}"), 0, 8),
  ])
  repository_url = var.repository_url == null ? "${azurerm_container_registry.this[0].login_server}/${var.name}" : var.repository_url
  # Name of an existing Azure registry, without the hyphen and hash that may follow in its host; null for any other.
  shared = try(regex("^([a-z0-9]+)(?:-[a-z0-9]+)?\\.azurecr\\.io/", var.repository_url)[0], null)
  pulls  = var.repository_url == null ? [azurerm_container_registry.this[0].id] : [for registry in data.azurerm_resources.shared : registry.resources[0].id]
}

# 5 USD a month: https://azure.microsoft.com/pricing/details/container-registry/
resource "azurerm_container_registry" "this" {
  # checkov:skip=CKV_AZURE_139:a registry closed to the internet is the Premium one, 50 USD a month; this one opens to identities only
  # checkov:skip=CKV_AZURE_163:scanning is Defender's, which is bought for a subscription and not for a registry
  # checkov:skip=CKV_AZURE_164:content trust is Premium's and withdrawn; everything is deployed by digest
  # checkov:skip=CKV_AZURE_165:replicas are Premium's; every image can be built again from its sources
  # checkov:skip=CKV_AZURE_166:quarantine is Premium's and a preview
  # checkov:skip=CKV_AZURE_167:retention by days is Premium's; the task below keeps a number of images
  # checkov:skip=CKV_AZURE_233:Azure makes registries zone-redundant if the region has zones; the argument is Premium's
  # checkov:skip=CKV_AZURE_237:data endpoints are Premium's, for firewalls, and this stack has none
  count = var.repository_url == null ? 1 : 0

  name                   = local.registry
  resource_group_name    = azurerm_resource_group.this.name
  location               = azurerm_resource_group.this.location
  sku                    = "Basic"
  admin_enabled          = false
  anonymous_pull_enabled = false
}

# Azure's registries keep everything; this deletes old images once a day, for some 0.01 USD a month.
resource "azurerm_container_registry_task" "purge" {
  count = var.repository_url == null ? 1 : 0

  name                  = "keep-newest"
  container_registry_id = azurerm_container_registry.this[0].id
  timeout_in_seconds    = 3600

  platform {
    os = "Linux"
  }

  encoded_step {
    # https://learn.microsoft.com/azure/container-registry/container-registry-auto-purge
    task_content = base64encode(yamlencode({
      version = "v1.1.0"
      steps = [{
        cmd                             = "acr purge --filter '${var.name}:.*' --ago 0d --keep ${var.keep_images} --untagged"
        disableWorkingDirectoryOverride = true
        timeout                         = 3600
      }]
    }))
  }

  timer_trigger {
    name     = "daily"
    schedule = "0 4 * * *"
  }
}

data "azurerm_resources" "shared" {
  count = local.shared == null ? 0 : 1

  type = "Microsoft.ContainerRegistry/registries"
  name = local.shared

  lifecycle {
    postcondition {
      condition     = length(self.resources) == 1
      error_message = <<-EOT
        repository_url is in the registry ${local.shared}, but the subscription ${data.azurerm_client_config.current.subscription_id} has none of that
        name, or you have no right to see it.
      EOT
    }
  }
}

# Builds and pushes app/, or uses the given image.
module "image" {
  source = "../../../modules/image"

  image          = var.image
  repository_url = local.repository_url
  app            = "${path.module}/../../../app"
}
