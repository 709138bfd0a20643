# Shared by the environments, whose destroys keep it: one build, pushed once, runs everywhere.
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
  name                = local.registry
  resource_group_name = local.place.resource_group
  location            = local.place.location
  sku                 = "Basic"
  # Identities only: no password that could leak, no anonymous access.
  admin_enabled          = false
  anonymous_pull_enabled = false

  lifecycle {
    # All environments pull their images from here.
    prevent_destroy = true
  }
}

# Azure's registries keep everything; this deletes old images once a day, for some 0.01 USD a month. Each environment
# keeps its newest 100 tags from deployments, runs-ENVIRONMENT-TIME; an image is deleted with its last tag.
resource "azurerm_container_registry_task" "purge" {
  name                  = "keep-newest"
  container_registry_id = azurerm_container_registry.this.id
  timeout_in_seconds    = 3600

  platform {
    os = "Linux"
  }

  encoded_step {
    # https://learn.microsoft.com/azure/container-registry/container-registry-auto-purge
    task_content = base64encode(yamlencode({
      version = "v1.1.0"
      steps = [for names, count in merge(
        { "^[^r]" = var.keep_images },
        { for environment in keys(var.environments) : "^runs-${environment}-[0-9]+$" => 100 },
        ) : {
        cmd                             = "acr purge --filter '${var.name}:${names}' --ago 0d --keep ${count} --untagged"
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
