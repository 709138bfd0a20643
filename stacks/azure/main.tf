locals {
  app = "${path.module}/../../app"

  place = { resource_group = azurerm_resource_group.this.name, location = azurerm_resource_group.this.location }
  # Unknown until a revision of it is ready, so that nothing relies on an image that was only requested.
  serving = "${module.image.image}${substr(module.service.revision, 0, 0)}"
}

# Contains everything, and is deleted only when it is empty.
resource "azurerm_resource_group" "this" {
  name     = var.name
  location = var.region
  tags = var.expires == null && var.pull_request == null ? null : merge(
    var.expires == null ? {} : { expires = var.expires },
    var.pull_request == null ? {} : { pull_request = var.pull_request },
  )
}

module "network" {
  source = "../../modules/azure/network"
  count  = var.platform == null ? 1 : 0
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
  count  = local.puller == null ? 1 : 0
  place  = local.place

  name           = var.name
  keep_images    = var.keep_images
  repository_url = local.repository_url
  reader         = module.identity.principal
}

module "image" {
  source = "../../modules/image"

  image          = var.image
  repository_url = local.puller == null ? module.registry[0].repository_url : local.repository_url
  app            = local.app
}

module "documents" {
  source = "../../modules/azure/documents"
  count  = local.preview ? 0 : 1
  place  = local.place

  name      = var.name
  documents = { for file in fileset("${local.app}/documents", "*.json") : trimsuffix(file, ".json") => file("${local.app}/documents/${file}") }
  reader    = module.identity.principal
}

module "alerts" {
  source = "../../modules/azure/alerts"
  count  = var.platform == null ? 1 : 0
  place  = local.place

  name  = var.name
  email = var.email
}

module "environment" {
  source = "../../modules/azure/environment"
  count  = var.platform == null ? 1 : 0
  place  = local.place

  name               = var.name
  log_days           = var.service.log_days
  network_id         = module.network[0].network_id
  private_subnet_ids = module.network[0].private_subnet_ids
}

# After the environment, whose host name it needs.
module "edge" {
  source = "../../modules/azure/edge"
  count  = var.platform == null ? 1 : 0
  place  = local.place

  name              = var.name
  domain            = var.domain
  waf               = var.waf
  origin            = module.service.origin
  services          = null
  public_subnet_ids = module.network[0].public_subnet_ids
  service           = var.service
}

module "service" {
  source = "../../modules/azure/service"
  place  = local.place

  name        = var.name
  image       = module.image.image
  canary      = var.canary
  cpu         = var.cpu
  memory      = var.memory
  instances   = var.instances
  service     = var.service
  scale       = local.preview ? null : var.scale
  principal   = module.identity.principal
  environment = merge(local.preview ? {} : module.documents[0].settings, { AZURE_CLIENT_ID = module.identity.client_id }, var.environment)
  identity_id = module.identity.identity_id
  puller      = local.puller
  compute     = local.compute
}

module "observability" {
  source = "../../modules/azure/observability"
  count  = local.preview ? 0 : 1
  place  = local.place

  name       = var.name
  service_id = module.service.service_id
  edge_id    = local.edge_id
  url        = local.url
  channel    = local.channel
  backend    = local.key
}

module "probe" {
  source = "../../modules/azure/probe"
  count  = var.probe == null || local.preview ? 0 : 1
  place  = local.place

  name          = var.name
  image         = var.probe.image == null ? module.image.image : var.probe.image
  url           = local.url
  every_minutes = var.probe.every_minutes
  platform      = module.service.platform
  identity_id   = coalesce(local.puller, module.identity.identity_id)
  channel       = local.channel
}
