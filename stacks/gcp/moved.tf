# For stacks from before the variable platform; nothing changes.
moved {
  from = module.alerts
  to   = module.alerts[0]
}

moved {
  from = module.documents
  to   = module.documents[0]
}

moved {
  from = module.edge
  to   = module.edge[0]
}

moved {
  from = module.network
  to   = module.network[0]
}

moved {
  from = module.observability
  to   = module.observability[0]
}

moved {
  from = terraform_data.apis
  to   = terraform_data.apis[0]
}
