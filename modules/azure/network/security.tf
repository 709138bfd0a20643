# The rules are inline, so that a destroy never removes one while its subnet is in use. Their destination is the subnet,
# not the environment's address, because they apply behind its load balancer:
# https://learn.microsoft.com/azure/container-apps/firewall-integration#configuring-nsg-rules
resource "azurerm_network_security_group" "private" {
  name                = "${var.name}-private"
  resource_group_name = var.place.resource_group
  location            = var.place.location

  security_rule {
    name                       = "gateway"
    description                = "HTTPS from the gateway; 31443 is the port behind the environment's load balancer"
    priority                   = 100
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_address_prefix      = local.public
    source_port_range          = "*"
    destination_address_prefix = local.private
    destination_port_ranges    = ["443", "31443"]
  }

  security_rule {
    name                       = "load-balancer"
    description                = "Health probes of the environment by Azure's load balancer"
    priority                   = 110
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_address_prefix      = "AzureLoadBalancer"
    source_port_range          = "*"
    destination_address_prefix = local.private
    destination_port_range     = "30000-32767"
  }

  security_rule {
    name                       = "environment"
    description                = "The parts of the environment talk to each other"
    priority                   = 120
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "*"
    source_address_prefix      = local.private
    source_port_range          = "*"
    destination_address_prefix = local.private
    destination_port_range     = "*"
  }

  security_rule {
    name                       = "nothing-else"
    description                = "Denies all else, such as the rest of the network, which Azure allows by default"
    priority                   = 4096
    direction                  = "Inbound"
    access                     = "Deny"
    protocol                   = "*"
    source_address_prefix      = "*"
    source_port_range          = "*"
    destination_address_prefix = "*"
    destination_port_range     = "*"
  }
}

resource "azurerm_subnet_network_security_group_association" "private" {
  subnet_id                 = azurerm_subnet.private.id
  network_security_group_id = azurerm_network_security_group.private.id
}
