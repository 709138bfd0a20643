locals {
  # The same blocks of the range as on the other clouds; on Azure a subnet spans all zones.
  public  = cidrsubnet(var.cidr, 4, 0)
  private = cidrsubnet(var.cidr, 4, 8)
}

resource "azurerm_virtual_network" "this" {
  name                = var.name
  resource_group_name = var.place.resource_group
  location            = var.place.location
  address_space       = [var.cidr]
}

# Only for the gateway, which brings its own security group.
resource "azurerm_subnet" "public" {
  # checkov:skip=CKV2_AZURE_31:the module edge attaches the security group, because it knows whether 443 is open
  name                            = "${var.name}-public"
  resource_group_name             = var.place.resource_group
  virtual_network_name            = azurerm_virtual_network.this.name
  address_prefixes                = [local.public]
  default_outbound_access_enabled = false
}

# Only for Container Apps, which needs a subnet of its own.
resource "azurerm_subnet" "private" {
  name                            = "${var.name}-private"
  resource_group_name             = var.place.resource_group
  virtual_network_name            = azurerm_virtual_network.this.name
  address_prefixes                = [local.private]
  default_outbound_access_enabled = false

  delegation {
    name = "container-apps"

    service_delegation {
      name    = "Microsoft.App/environments"
      actions = ["Microsoft.Network/virtualNetworks/subnets/join/action"]
    }
  }

  # Free, and keeps documents away from the NAT gateway's 0.045 USD/GB and its single zone.
  service_endpoint {
    service = "Microsoft.Storage"
  }
}
