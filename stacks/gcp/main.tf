locals {
  app = "${path.module}/../../app"

  place = { project = var.project, region = var.region }
  # Unknown until a revision of it is ready, so that nothing relies on an image that was only requested.
  serving = "${module.image.image}${substr(module.service.revision, 0, 0)}"
}

module "network" {
  source = "../../modules/gcp/network"
  count  = var.platform == null ? 1 : 0
  place  = local.place

  name = var.name
  cidr = var.cidr
  nat  = var.nat

  depends_on = [terraform_data.apis]
}

module "identity" {
  source = "../../modules/gcp/identity"

  name = var.name

  depends_on = [terraform_data.apis]
}

module "registry" {
  source = "../../modules/gcp/registry"
  place  = local.place

  name           = var.name
  keep_images    = var.keep_images
  repository_url = try(coalesce(var.repository_url, try(var.platform.repository_url, null)), null)

  depends_on = [terraform_data.apis]
}

module "image" {
  source = "../../modules/image"

  image          = var.image
  repository_url = module.registry.repository_url
  app            = local.app
}

module "documents" {
  source = "../../modules/gcp/documents"
  count  = local.preview ? 0 : 1
  place  = local.place

  name      = var.name
  documents = { for file in fileset("${local.app}/documents", "*.json") : trimsuffix(file, ".json") => file("${local.app}/documents/${file}") }
  reader    = module.identity.principal

  depends_on = [terraform_data.apis]
}

module "alerts" {
  source = "../../modules/gcp/alerts"
  count  = var.platform == null ? 1 : 0

  name  = var.name
  email = var.email

  depends_on = [terraform_data.apis]
}

# After the service, whose location the load balancer needs. It is at Google's edge, in no network.
module "edge" {
  source = "../../modules/gcp/edge"
  count  = var.platform == null ? 1 : 0

  name     = var.name
  domain   = var.domain
  waf      = var.waf
  origin   = module.service.origin
  services = null

  depends_on = [terraform_data.apis]
}

module "service" {
  source = "../../modules/gcp/service"
  place  = local.place

  name               = var.name
  image              = module.image.image
  canary             = var.canary
  cpu                = var.cpu
  memory             = var.memory
  instances          = local.preview ? { min = 1, max = 1 } : var.instances
  service            = var.service
  scale              = local.preview ? null : var.scale
  environment        = merge(local.preview ? {} : module.documents[0].settings, var.environment)
  identity_id        = module.identity.identity_id
  network_id         = local.network_id
  private_subnet_ids = local.private_subnet_ids
  tag                = local.tags["service"]
  invoker            = var.invoker
}

module "observability" {
  source = "../../modules/gcp/observability"
  count  = local.preview ? 0 : 1
  place  = local.place

  name       = var.name
  service_id = module.service.service_id
  edge_id    = local.edge_id
  url        = local.url
  channel    = local.channel
  service    = var.service
  # The name that the platform gives it.
  backend = var.platform == null ? null : var.name

  depends_on = [terraform_data.apis]
}

module "probe" {
  source = "../../modules/gcp/probe"
  # Without NAT the private subnets cannot reach the public address: check from elsewhere.
  count = (var.platform == null ? var.nat : var.platform.nat) == "none" || var.probe == null || local.preview ? 0 : 1

  name          = var.name
  image         = var.probe.image == null ? module.image.image : var.probe.image
  url           = local.url
  every_minutes = var.probe.every_minutes
  platform      = module.service.platform
  identity_id   = module.identity.identity_id
  channel       = local.channel
  tag           = local.tags["probe"]

  network_id         = local.network_id
  private_subnet_ids = local.private_subnet_ids

  depends_on = [terraform_data.apis]
}
