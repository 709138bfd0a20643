# For stacks from before platforms and previews, when each had its own network and load balancer; nothing changes.
moved {
  from = module.network
  to   = module.network[0]
}

moved {
  from = module.documents
  to   = module.documents[0]
}

moved {
  from = module.alerts
  to   = module.alerts[0]
}

moved {
  from = module.edge.aws_lb_target_group.this
  to   = module.entry.aws_lb_target_group.this
}

moved {
  from = module.edge.aws_lb_listener_rule.hold_canary
  to   = module.entry.aws_lb_listener_rule.hold_canary
}

moved {
  from = module.edge
  to   = module.edge[0]
}

moved {
  from = module.observability
  to   = module.observability[0]
}
