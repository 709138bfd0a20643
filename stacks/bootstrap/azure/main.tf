data "azurerm_client_config" "current" {}

locals {
  place = { resource_group = azurerm_resource_group.this.name, location = azurerm_resource_group.this.location }
  # Globally unique, only letters and digits, the same for everybody who plans, and known before the apply.
  registry = join("", [
    replace(var.name, "-", ""),
    substr(sha256("${data.azurerm_client_config.current.subscription_id} ${azurerm_resource_group.this.name} ${var.name}"), 0, 8),
  ])
  repository_url = "${local.registry}.azurecr.io/${var.name}"
}

# Separate from the stacks' groups, which are deleted with their stacks.
resource "azurerm_resource_group" "this" {
  name     = "${var.name}-bootstrap"
  location = var.region
}

module "state" {
  source = "../../../modules/azure/state"
  place  = local.place

  name = var.name
}

module "delivery" {
  source = "../../../modules/azure/delivery"
  place  = local.place

  name         = var.name
  environments = var.environments
  platforms    = var.platforms
  github       = var.github
  store        = module.state.store
}
