# Contains everything, and is deleted only when it is empty.
resource "azurerm_resource_group" "this" {
  name     = var.name
  location = var.region
}

resource "azurerm_virtual_network" "this" {
  name                = var.name
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  address_space       = [var.cidr]
}

# Machines reach the internet through the load balancer; the firewall, not a missing route, decides what gets in.
resource "azurerm_subnet" "this" {
  name                            = var.name
  resource_group_name             = azurerm_resource_group.this.name
  virtual_network_name            = azurerm_virtual_network.this.name
  address_prefixes                = [var.cidr]
  default_outbound_access_enabled = false
}
