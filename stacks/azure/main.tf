locals {
  app = "${path.module}/../../app"

  place = { resource_group = azurerm_resource_group.this.name, location = azurerm_resource_group.this.location }
  # Unknown until a revision of it is ready, so that nothing goes by an image that was only asked for.
  serving = "${module.image.image}${substr(module.service.revision, 0, 0)}"
}

# Holds everything, and goes only when it is empty.
resource "azurerm_resource_group" "this" {
  name     = var.name
  location = var.region
}

module "network" {
  source = "../../modules/azure/network"
  place  = local.place

  name = var.name
  cidr = var.cidr
  nat  = var.nat
}

module "identity" {
  source = "../../modules/azure/identity"
  place  = local.place

  name = var.name
}

module "registry" {
  source = "../../modules/azure/registry"
  place  = local.place

  name           = var.name
  keep_images    = var.keep_images
  repository_url = var.repository_url
  reader         = module.identity.principal
}

module "image" {
  source = "../../modules/image"

  image          = var.image
  repository_url = module.registry.repository_url
  app            = local.app
}

module "documents" {
  source = "../../modules/azure/documents"
  place  = local.place

  name      = var.name
  documents = { for file in fileset("${local.app}/documents", "*.json") : trimsuffix(file, ".json") => file("${local.app}/documents/${file}") }
  reader    = module.identity.principal
}

module "alerts" {
  source = "../../modules/azure/alerts"
  place  = local.place

  name  = var.name
  email = var.email
}

# After the service's environment, whose host name it asks for.
module "edge" {
  source = "../../modules/azure/edge"
  place  = local.place

  name              = var.name
  domain            = var.domain
  waf               = var.waf
  origin            = module.service.origin
  public_subnet_ids = module.network.public_subnet_ids
  service           = var.service
}

module "service" {
  source = "../../modules/azure/service"
  place  = local.place

  name               = var.name
  image              = module.image.image
  canary             = var.canary
  cpu                = var.cpu
  memory             = var.memory
  instances          = var.instances
  service            = var.service
  scale              = var.scale
  principal          = module.identity.principal
  environment        = merge(module.documents.settings, { AZURE_CLIENT_ID = module.identity.client_id }, var.environment)
  identity_id        = module.identity.identity_id
  network_id         = module.network.network_id
  private_subnet_ids = module.network.private_subnet_ids
}

module "observability" {
  source = "../../modules/azure/observability"
  place  = local.place

  name       = var.name
  service_id = module.service.service_id
  edge_id    = module.edge.edge_id
  url        = module.edge.url
  channel    = module.alerts.channel
}

# Not made again in a stack that is older than probe = null.
moved {
  from = module.probe
  to   = module.probe[0]
}

module "probe" {
  source = "../../modules/azure/probe"
  count  = var.probe == null ? 0 : 1
  place  = local.place

  name          = var.name
  image         = var.probe.image == null ? module.image.image : var.probe.image
  url           = module.edge.url
  every_minutes = var.probe.every_minutes
  platform      = module.service.platform
  identity_id   = module.identity.identity_id
  channel       = module.alerts.channel
}
