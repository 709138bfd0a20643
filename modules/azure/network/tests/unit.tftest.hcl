# Whom the network lets in and what it costs. A different number of NAT gateways changes the bill.
mock_provider "azurerm" {
  source          = "./.."
  override_during = plan
}

variables {
  name  = "test"
  place = { resource_group = "test", location = "westeurope" }
  cidr  = "10.20.0.0/16"
  nat   = "single"
}

run "with_the_variables_above" {
  command = plan
  assert {
    condition     = output.firewall_source == one(azurerm_subnet.private.address_prefixes)
    error_message = "The firewall source must be the private subnet: the service's calls come from its addresses."
  }
  assert {
    condition     = azurerm_subnet.public.address_prefixes == tolist(["10.20.0.0/20"]) && azurerm_subnet.private.address_prefixes == tolist(["10.20.128.0/20"])
    error_message = "The public subnet must be the first sixteenth of the network, and the private subnet the ninth."
  }
  assert {
    condition     = length(output.public_subnet_ids) == 1 && length(output.private_subnet_ids) == 1
    error_message = "There must be one public and one private subnet."
  }
  assert {
    condition = (
      one(one(azurerm_subnet.private.delegation).service_delegation).name == "Microsoft.App/environments" &&
      length(azurerm_subnet.public.delegation) == 0
    )
    error_message = "The private subnet must be delegated to Container Apps, and the gateway's subnet must not be."
  }
  assert {
    condition = toset([
      for rule in azurerm_network_security_group.private.security_rule :
      "${rule.source_address_prefix} ${coalesce(rule.destination_port_range, try(join("+", rule.destination_port_ranges), ""))}"
      if rule.access == "Allow" && rule.direction == "Inbound"
    ]) == toset(["10.20.0.0/20 31443+443", "AzureLoadBalancer 30000-32767", "10.20.128.0/20 *"])
    error_message = "Only the gateway (443 and 31443), Azure's load balancer and the private subnet itself may reach the private subnet."
  }
  assert {
    condition = [
      for rule in azurerm_network_security_group.private.security_rule :
      "${rule.priority} ${rule.source_address_prefix} ${rule.destination_port_range}" if rule.access == "Deny"
    ] == ["4096 * *"]
    error_message = "Everything that is not allowed must be denied, from inside the network too."
  }
  assert {
    condition = alltrue([
      for rule in azurerm_network_security_group.private.security_rule :
      rule.destination_address_prefix == "10.20.128.0/20" if rule.access == "Allow"
    ])
    error_message = "Rules must allow access to the subnet, not to single addresses."
  }
  assert {
    condition     = azurerm_subnet_network_security_group_association.private.network_security_group_id == azurerm_network_security_group.private.id
    error_message = "The security group must be on the private subnet."
  }
  assert {
    condition     = !azurerm_subnet.public.default_outbound_access_enabled && !azurerm_subnet.private.default_outbound_access_enabled
    error_message = "Azure's default outbound access must be off."
  }
  assert {
    condition     = length(azurerm_nat_gateway.this) == 1 && length(azurerm_public_ip.nat) == 1 && length(azurerm_subnet_nat_gateway_association.private) == 1
    error_message = "There must be one NAT gateway with one address by default, for the private subnet."
  }
  assert {
    # The other SKU cannot be attached to a subnet of Container Apps.
    condition     = azurerm_nat_gateway.this[0].sku_name == "Standard"
    error_message = "The NAT gateway's SKU must be Standard, not StandardV2."
  }
  assert {
    condition     = [for endpoint in azurerm_subnet.private.service_endpoint : endpoint.service] == ["Microsoft.Storage"]
    error_message = "Documents must be reached by a service endpoint: it is free and does not depend on the NAT gateway's zone."
  }
}

run "without_nat_no_gateway_is_billed" {
  command = plan
  variables {
    nat = "none"
  }
  assert {
    condition     = length(azurerm_nat_gateway.this) == 0 && length(azurerm_public_ip.nat) == 0
    error_message = "Without NAT there must be no NAT gateway and no address, because Azure bills them."
  }
}

run "the_smallest_network_has_room_for_a_gateway_and_an_environment" {
  command = plan
  variables {
    cidr = "192.168.4.0/22"
  }
  assert {
    condition = (
      azurerm_subnet.public.address_prefixes == tolist(["192.168.4.0/26"]) &&
      azurerm_subnet.private.address_prefixes == tolist(["192.168.6.0/26"])
    )
    error_message = "Both subnets must be a /26, which is more than the /27 that Container Apps needs."
  }
}
