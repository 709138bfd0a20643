# In one zone, which Azure chooses. The service works without it: requests come in through the gateway, and documents
# through the service endpoint.
resource "azurerm_nat_gateway" "this" {
  count = var.nat == "single" ? 1 : 0

  name                = "${var.name}-nat"
  resource_group_name = var.place.resource_group
  location            = var.place.location
  sku_name            = "Standard"
}

resource "azurerm_public_ip" "nat" {
  count = var.nat == "single" ? 1 : 0

  name                = "${var.name}-nat"
  resource_group_name = var.place.resource_group
  location            = var.place.location
  allocation_method   = "Static"
  sku                 = "Standard"
  zones               = ["1", "2", "3"]
}

resource "azurerm_nat_gateway_public_ip_association" "this" {
  count = var.nat == "single" ? 1 : 0

  nat_gateway_id       = azurerm_nat_gateway.this[0].id
  public_ip_address_id = azurerm_public_ip.nat[0].id
}

resource "azurerm_subnet_nat_gateway_association" "private" {
  count = var.nat == "single" ? 1 : 0

  subnet_id      = azurerm_subnet.private.id
  nat_gateway_id = azurerm_nat_gateway.this[0].id

  # Azure refuses the second of two concurrent changes of a subnet.
  depends_on = [azurerm_subnet_network_security_group_association.private]
}
