locals {
  # The service's key on its platform; p1, p2 and so on are previews, which wake nobody.
  key     = var.platform == null ? null : trimprefix(var.name, "${var.platform.name}-")
  preview = var.platform != null && can(regex("^p[0-9]+$", local.key))
  # The platform's egress rules for services and probes match these.
  tags = { for who in ["service", "probe"] : who => var.platform == null ? null : "${var.platform.name}-platform-${who}" }

  network_id         = var.platform == null ? module.network[0].network_id : var.platform.network_id
  private_subnet_ids = var.platform == null ? module.network[0].private_subnet_ids : var.platform.private_subnet_ids
  edge_id            = var.platform == null ? module.edge[0].edge_id : var.platform.edge_id
  url                = var.platform == null ? module.edge[0].url : var.platform.services[local.key].url
  channel            = var.platform == null ? module.alerts[0].channel : var.platform.channel
}
