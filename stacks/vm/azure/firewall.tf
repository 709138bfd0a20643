# The whole firewall. Only what it lets in here gets in; everything may go out.
locals {
  ingress = {
    http       = { protocol = "tcp", port = 80, from = "0.0.0.0/0" }
    https      = { protocol = "tcp", port = 443, from = "0.0.0.0/0" }
    icmp       = { protocol = "icmp", port = null, from = "0.0.0.0/0" }
    ssh        = { protocol = "tcp", port = 22, from = "104.154.0.0/15" }
    inside-tcp = { protocol = "tcp", port = null, from = var.cidr }
    inside-udp = { protocol = "udp", port = null, from = var.cidr }
  }
}

# The rules are inline, so that the next apply removes a rule that was added by hand.
resource "azurerm_network_security_group" "this" {
  # checkov:skip=CKV_AZURE_160:everybody may reach a public page on 80
  # checkov:skip=CKV_AZURE_77:UDP is let in from inside the network only
  name                = var.name
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location

  dynamic "security_rule" {
    for_each = local.ingress
    content {
      name                       = security_rule.key
      priority                   = 100 + 10 * index(keys(local.ingress), security_rule.key)
      direction                  = "Inbound"
      access                     = "Allow"
      protocol                   = title(security_rule.value.protocol)
      source_address_prefix      = security_rule.value.from
      source_port_range          = "*"
      destination_address_prefix = "*"
      destination_port_range     = coalesce(security_rule.value.port, "*")
    }
  }

  # After this rule, Azure's own rules let in every protocol from inside the network and from its load balancer:
  # https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#default-security-rules
  # The load balancer's checks use the rule for 80, like everybody.
  security_rule {
    name                       = "nothing-else"
    priority                   = 4096
    direction                  = "Inbound"
    access                     = "Deny"
    protocol                   = "*"
    source_address_prefix      = "*"
    source_port_range          = "*"
    destination_address_prefix = "*"
    destination_port_range     = "*"
  }

  # Azure's own rules allow traffic to the network and to the internet, and deny the rest.
  security_rule {
    name                       = "everything-out"
    priority                   = 100
    direction                  = "Outbound"
    access                     = "Allow"
    protocol                   = "*"
    source_address_prefix      = "*"
    source_port_range          = "*"
    destination_address_prefix = "*"
    destination_port_range     = "*"
  }
}

resource "azurerm_subnet_network_security_group_association" "this" {
  subnet_id                 = azurerm_subnet.this.id
  network_security_group_id = azurerm_network_security_group.this.id
}
