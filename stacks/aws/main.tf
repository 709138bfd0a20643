locals {
  app      = "${path.module}/../../app"
  boundary = var.boundary ? "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:policy/${var.name}-boundary" : null
  # Unknown until the service is healthy with it, so that nothing goes by an image that was only asked for.
  serving = "${module.image.image}${substr(module.service.revision, 0, 0)}"
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

module "network" {
  source = "../../modules/aws/network"

  name     = var.name
  boundary = local.boundary
  cidr     = var.cidr
  nat      = var.nat

  zones = var.zones
}

module "identity" {
  source = "../../modules/aws/identity"

  name     = var.name
  boundary = local.boundary
}

module "registry" {
  source = "../../modules/aws/registry"

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
  source = "../../modules/aws/documents"

  name      = var.name
  documents = { for file in fileset("${local.app}/documents", "*.json") : trimsuffix(file, ".json") => file("${local.app}/documents/${file}") }
  reader    = module.identity.principal
}

module "alerts" {
  source = "../../modules/aws/alerts"

  name  = var.name
  email = var.email
}

# Before the service: ECS registers tasks only in target groups that hang on a load balancer.
module "edge" {
  source = "../../modules/aws/edge"

  name              = var.name
  domain            = var.domain
  waf               = var.waf
  network_id        = module.network.network_id
  public_subnet_ids = module.network.public_subnet_ids
  service           = var.service
}

module "service" {
  source = "../../modules/aws/service"

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
  entry              = module.edge.entry
}

module "observability" {
  source = "../../modules/aws/observability"

  name       = var.name
  service_id = module.service.service_id
  edge_id    = module.edge.edge_id
  entry      = module.edge.entry
  url        = module.edge.url
  channel    = module.alerts.channel
}

module "probe" {
  source = "../../modules/aws/probe"
  # Without NAT nothing in the private subnets reaches the public address: check from elsewhere.
  count = var.nat == "none" || var.probe == null ? 0 : 1

  name          = var.name
  boundary      = local.boundary
  image         = var.probe.image == null ? module.image.image : var.probe.image
  url           = module.edge.url
  every_minutes = var.probe.every_minutes
  platform      = module.service.platform
  identity_id   = module.identity.identity_id
  channel       = module.alerts.channel

  network_id         = module.network.network_id
  private_subnet_ids = module.network.private_subnet_ids
}
