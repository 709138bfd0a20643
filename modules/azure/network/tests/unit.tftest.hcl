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
    error_message = "What the service calls sees addresses of the private subnet."
  }
  assert {
    condition     = azurerm_subnet.public.address_prefixes == tolist(["10.20.0.0/20"]) && azurerm_subnet.private.address_prefixes == tolist(["10.20.128.0/20"])
    error_message = "One public and one private subnet which span all zones: the first and the ninth sixteenth."
  }
  assert {
    condition     = length(output.public_subnet_ids) == 1 && length(output.private_subnet_ids) == 1
    error_message = "One each."
  }
  assert {
    condition = (
      one(one(azurerm_subnet.private.delegation).service_delegation).name == "Microsoft.App/environments" &&
      length(azurerm_subnet.public.delegation) == 0
    )
    error_message = "The private subnet is Container Apps' own: delegated, and the gateway's is not."
  }
  assert {
    condition = toset([
      for rule in azurerm_network_security_group.private.security_rule :
      "${rule.source_address_prefix} ${coalesce(rule.destination_port_range, try(join("+", rule.destination_port_ranges), ""))}"
      if rule.access == "Allow" && rule.direction == "Inbound"
    ]) == toset(["10.20.0.0/20 31443+443", "AzureLoadBalancer 30000-32767", "10.20.128.0/20 *"])
    error_message = "No rule admits the internet to the private subnet: the gateway on 443, and on 31443 behind the environment's load balancer, that load balancer, and the environment itself; nobody else."
  }
  assert {
    condition = [
      for rule in azurerm_network_security_group.private.security_rule :
      "${rule.priority} ${rule.source_address_prefix} ${rule.destination_port_range}" if rule.access == "Deny"
    ] == ["4096 * *"]
    error_message = "And what is not allowed is denied, also from inside the network."
  }
  assert {
    condition = alltrue([
      for rule in azurerm_network_security_group.private.security_rule :
      rule.destination_address_prefix == "10.20.128.0/20" if rule.access == "Allow"
    ])
    error_message = "The subnet, not an address."
  }
  assert {
    condition     = azurerm_subnet_network_security_group_association.private.network_security_group_id == azurerm_network_security_group.private.id
    error_message = "The group must hang on the subnet."
  }
  assert {
    condition     = !azurerm_subnet.public.default_outbound_access_enabled && !azurerm_subnet.private.default_outbound_access_enabled
    error_message = "Nothing gets a way out by itself: Azure's silent default must be off."
  }
  assert {
    condition     = length(azurerm_nat_gateway.this) == 1 && length(azurerm_public_ip.nat) == 1 && length(azurerm_subnet_nat_gateway_association.private) == 1
    error_message = "One NAT gateway is billed by default: one gateway with one address, for the private subnet."
  }
  assert {
    # The other SKU cannot be attached to a subnet of Container Apps.
    condition     = azurerm_nat_gateway.this[0].sku_name == "Standard"
    error_message = "Not StandardV2."
  }
  assert {
    condition     = [for endpoint in azurerm_subnet.private.service_endpoint : endpoint.service] == ["Microsoft.Storage"]
    error_message = "Documents do not pass the NAT gateway: a service endpoint, free, and there when the NAT gateway's zone is not."
  }
}

run "without_nat_none_is_billed" {
  command = plan
  variables {
    nat = "none"
  }
  assert {
    condition     = length(azurerm_nat_gateway.this) == 0 && length(azurerm_public_ip.nat) == 0
    error_message = "No gateway, no address."
  }
}

run "the_smallest_network_holds_a_gateway_and_an_environment" {
  command = plan
  variables {
    cidr = "192.168.4.0/22"
  }
  assert {
    condition = (
      azurerm_subnet.public.address_prefixes == tolist(["192.168.4.0/26"]) &&
      azurerm_subnet.private.address_prefixes == tolist(["192.168.6.0/26"])
    )
    error_message = "Each a /26, more than the /27 that Container Apps needs."
  }
}
