locals {
  app = "${path.module}/../../app"

  place = { project = var.project, region = var.region }
  # Unknown until a revision of it is ready, so that nothing goes by an image that was only asked for.
  serving = "${module.image.image}${substr(module.service.revision, 0, 0)}"
}

module "network" {
  source = "../../modules/gcp/network"
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
  repository_url = var.repository_url

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
  place  = local.place

  name      = var.name
  documents = { for file in fileset("${local.app}/documents", "*.json") : trimsuffix(file, ".json") => file("${local.app}/documents/${file}") }
  reader    = module.identity.principal

  depends_on = [terraform_data.apis]
}

module "alerts" {
  source = "../../modules/gcp/alerts"

  name  = var.name
  email = var.email

  depends_on = [terraform_data.apis]
}

# After the service: the load balancer is told where it is. It stands at Google's edge, in no network.
module "edge" {
  source = "../../modules/gcp/edge"

  name   = var.name
  domain = var.domain
  waf    = var.waf
  origin = module.service.origin

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
  instances          = var.instances
  service            = var.service
  scale              = var.scale
  environment        = merge(module.documents.settings, var.environment)
  identity_id        = module.identity.identity_id
  network_id         = module.network.network_id
  private_subnet_ids = module.network.private_subnet_ids
  invoker            = var.invoker
}

module "observability" {
  source = "../../modules/gcp/observability"
  place  = local.place

  name       = var.name
  service_id = module.service.service_id
  edge_id    = module.edge.edge_id
  url        = module.edge.url
  channel    = module.alerts.channel
  service    = var.service

  depends_on = [terraform_data.apis]
}

module "probe" {
  source = "../../modules/gcp/probe"
  # Without NAT nothing in the private subnets reaches the public address: check from elsewhere.
  count = var.nat == "none" || var.probe == null ? 0 : 1

  name          = var.name
  image         = var.probe.image == null ? module.image.image : var.probe.image
  url           = module.edge.url
  every_minutes = var.probe.every_minutes
  platform      = module.service.platform
  identity_id   = module.identity.identity_id
  channel       = module.alerts.channel

  network_id         = module.network.network_id
  private_subnet_ids = module.network.private_subnet_ids

  depends_on = [terraform_data.apis]
}
