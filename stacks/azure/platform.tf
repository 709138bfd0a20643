locals {
  # The service's key on its platform; p1, p2 and so on are previews, which wake nobody.
  key     = var.platform == null ? null : trimprefix(var.name, "${var.platform.name}-")
  preview = var.platform != null && can(regex("^p[0-9]+$", local.key))
  # The platform's identity has long had the right to pull from its registry; a new right takes minutes to take effect.
  repository_url = try(coalesce(var.repository_url, try(var.platform.repository_url, null)), null)
  puller         = try(local.repository_url == var.platform.repository_url ? var.platform.puller : null, null)

  network_id = var.platform == null ? module.network[0].network_id : var.platform.network_id
  compute    = var.platform == null ? module.environment[0].compute : var.platform.compute
  edge_id    = var.platform == null ? module.edge[0].edge_id : var.platform.edge_id
  url        = var.platform == null ? module.edge[0].url : var.platform.services[local.key].url
  channel    = var.platform == null ? module.alerts[0].channel : var.platform.channel
}
