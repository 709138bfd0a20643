data "azurerm_client_config" "current" {}

# The rules are inline, so that a destroy never removes the gateway manager's rule while the gateway exists.
resource "azurerm_network_security_group" "this" {
  # checkov:skip=CKV_AZURE_160:everybody may reach a public service on 80; with a domain this port only redirects
  name                = "${var.name}-public"
  resource_group_name = var.place.resource_group
  location            = var.place.location

  dynamic "security_rule" {
    for_each = var.domain == null ? { http = "80" } : { http = "80", https = "443" }

    content {
      name                       = security_rule.key
      description                = "From everywhere"
      priority                   = security_rule.key == "http" ? 100 : 110
      direction                  = "Inbound"
      access                     = "Allow"
      protocol                   = "Tcp"
      source_address_prefix      = "Internet"
      source_port_range          = "*"
      destination_address_prefix = "*"
      destination_port_range     = security_rule.value
    }
  }

  # Azure refuses a gateway whose subnet closes these ports; only Azure can use them:
  # https://learn.microsoft.com/azure/application-gateway/configuration-infrastructure#network-security-groups
  security_rule {
    name                       = "gateway-manager"
    description                = "For Azure's management"
    priority                   = 200
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_address_prefix      = "GatewayManager"
    source_port_range          = "*"
    destination_address_prefix = "*"
    destination_port_range     = "65200-65535"
  }

  security_rule {
    name                       = "load-balancer"
    description                = "Health probes of the gateway by Azure's load balancer"
    priority                   = 210
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "*"
    source_address_prefix      = "AzureLoadBalancer"
    source_port_range          = "*"
    destination_address_prefix = "*"
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

resource "azurerm_subnet_network_security_group_association" "this" {
  subnet_id                 = one(var.public_subnet_ids)
  network_security_group_id = azurerm_network_security_group.this.id
}

resource "azurerm_public_ip" "this" {
  name                = "${var.name}-gateway"
  resource_group_name = var.place.resource_group
  location            = var.place.location
  allocation_method   = "Static"
  sku                 = "Standard"
  zones               = ["1", "2", "3"]
  # LABEL.REGION.cloudapp.azure.com: unique in the region, the same for everybody who plans.
  domain_name_label = "${var.name}-${substr(sha256("${data.azurerm_client_config.current.subscription_id} ${var.place.resource_group} ${var.name}"), 0, 8)}"
}
