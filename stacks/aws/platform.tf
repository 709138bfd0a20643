locals {
  # The service's key on its platform; p1 and so on are previews, which wake nobody.
  key      = var.platform == null ? null : trimprefix(var.name, "${var.platform.name}-")
  declared = var.platform == null ? null : var.platform.services[local.key]
  preview  = can(regex("^p[0-9]+$", local.key))
  prefix   = var.platform == null ? var.name : var.platform.name
  nat      = var.platform == null ? var.nat : var.platform.nat

  network = var.platform == null ? {
    id = module.network[0].network_id, private_subnet_ids = module.network[0].private_subnet_ids
  } : { id = var.platform.network_id, private_subnet_ids = var.platform.private_subnet_ids }
  # What is in front of the service: the load balancer, and where the world finds the service.
  edge = var.platform == null ? {
    id                = module.edge[0].edge_id
    url               = module.edge[0].url
    listener_arn      = module.edge[0].listener_arn
    security_group_id = module.edge[0].security_group_id
  } : merge({ id = var.platform.edge_id, url = local.declared.url }, var.platform.door)
  channel        = var.platform == null ? module.alerts[0].channel : var.platform.channel
  repository_url = var.repository_url != null || var.platform == null ? var.repository_url : var.platform.repository_url
}
