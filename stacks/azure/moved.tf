# For stacks from before `probe = null` or the variable platform; nothing changes.
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
  from = module.probe
  to   = module.probe[0]
}

moved {
  from = module.registry
  to   = module.registry[0]
}

moved {
  from = module.service.azurerm_container_app_environment.this
  to   = module.environment[0].azurerm_container_app_environment.this
}

moved {
  from = module.service.azurerm_log_analytics_workspace.this
  to   = module.environment[0].azurerm_log_analytics_workspace.this
}

moved {
  from = module.service.azurerm_monitor_diagnostic_setting.this
  to   = module.environment[0].azurerm_monitor_diagnostic_setting.this
}

moved {
  from = module.service.azurerm_private_dns_a_record.this
  to   = module.environment[0].azurerm_private_dns_a_record.this
}

moved {
  from = module.service.azurerm_private_dns_zone.this
  to   = module.environment[0].azurerm_private_dns_zone.this
}

moved {
  from = module.service.azurerm_private_dns_zone_virtual_network_link.this
  to   = module.environment[0].azurerm_private_dns_zone_virtual_network_link.this
}
