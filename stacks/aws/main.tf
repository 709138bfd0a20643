locals {
  app      = "${path.module}/../../app"
  iam      = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}"
  boundary = var.boundary ? "${local.iam}:policy/${local.prefix}-boundary" : null
  # Unknown until the service is healthy with it, so that nothing relies on an image that was only requested.
  serving = "${module.image.image}${substr(module.service.revision, 0, 0)}"
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

module "network" {
  source = "../../modules/aws/network"
  count  = var.platform == null ? 1 : 0

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
  repository_url = local.repository_url
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
  count  = local.preview ? 0 : 1

  name      = var.name
  documents = { for file in fileset("${local.app}/documents", "*.json") : trimsuffix(file, ".json") => file("${local.app}/documents/${file}") }
  reader    = module.identity.principal
}

module "alerts" {
  source = "../../modules/aws/alerts"
  count  = var.platform == null ? 1 : 0

  name  = var.name
  email = var.email
}

module "edge" {
  source = "../../modules/aws/edge"
  count  = var.platform == null ? 1 : 0

  name              = var.name
  domain            = var.domain
  waf               = var.waf
  network_id        = local.network.id
  public_subnet_ids = module.network[0].public_subnet_ids
  target_group_arn  = module.entry.stable
  cidr              = null
  service           = var.service
}

# Before the service: ECS registers tasks only in target groups that are attached to a load balancer.
module "entry" {
  source = "../../modules/aws/entry"

  name              = var.name
  network_id        = local.network.id
  listener_arn      = local.edge.listener_arn
  security_group_id = local.edge.security_group_id
  host              = var.platform == null ? null : trimprefix(local.declared.url, "https://")
  slot              = var.platform == null ? 0 : local.declared.slot
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
  scale              = local.preview ? null : var.scale
  environment        = merge(one(module.documents[*].settings), var.environment)
  identity_id        = module.identity.identity_id
  network_id         = local.network.id
  private_subnet_ids = local.network.private_subnet_ids
  entry              = module.entry.entry
}

module "observability" {
  source = "../../modules/aws/observability"
  count  = local.preview ? 0 : 1

  name       = var.name
  service_id = module.service.service_id
  edge_id    = local.edge.id
  entry      = module.entry.entry
  url        = local.edge.url
  channel    = local.channel
}

module "probe" {
  source = "../../modules/aws/probe"
  # Without NAT the private subnets cannot reach the public address: check from elsewhere.
  count = local.nat == "none" || local.preview || var.probe == null ? 0 : 1

  name          = var.name
  boundary      = local.boundary
  image         = var.probe.image == null ? module.image.image : var.probe.image
  url           = local.edge.url
  every_minutes = var.probe.every_minutes
  platform      = module.service.platform
  identity_id   = module.identity.identity_id
  channel       = local.channel

  network_id         = local.network.id
  private_subnet_ids = local.network.private_subnet_ids
}
