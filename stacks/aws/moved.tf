# Of stacks that were made when each had a network and a load balancer of its own, and no preview was one: nothing of theirs
# changes.
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
