locals {
  # Ports that are forwarded; pings always are. The firewall decides who gets through.
  ports = var.certificate == null ? toset(["22", "80"]) : toset(["22", "80", "443"])
}

# Stays when machines are replaced, in three zones: 3.65 USD a month.
resource "azurerm_public_ip" "this" {
  name                = var.name
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  sku                 = "Standard"
  allocation_method   = "Static"
  zones               = ["1", "2", "3"]
}

# Forwards packets with the client's address, so that the machine's firewall decides about clients. 18 USD a month:
# https://azure.microsoft.com/pricing/details/load-balancer/
resource "azurerm_lb" "this" {
  name                = var.name
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  sku                 = "Standard"

  frontend_ip_configuration {
    name                 = "public"
    public_ip_address_id = azurerm_public_ip.this.id
  }
}

resource "azurerm_lb_backend_address_pool" "this" {
  name            = "machines"
  loadbalancer_id = azurerm_lb.this.id
}

# Checks the service itself: a machine that cannot tell the time gets no new connections, and is replaced.
resource "azurerm_lb_probe" "this" {
  name                = "now"
  loadbalancer_id     = azurerm_lb.this.id
  protocol            = "Http"
  port                = 80
  request_path        = "/now"
  interval_in_seconds = 10
  probe_threshold     = 3
}

resource "azurerm_lb_rule" "this" {
  for_each = local.ports

  name                           = "tcp-${each.key}"
  loadbalancer_id                = azurerm_lb.this.id
  frontend_ip_configuration_name = "public"
  backend_address_pool_ids       = [azurerm_lb_backend_address_pool.this.id]
  probe_id                       = azurerm_lb_probe.this.id
  protocol                       = "Tcp"
  frontend_port                  = tonumber(each.key)
  backend_port                   = tonumber(each.key)
  idle_timeout_in_minutes        = 15
  tcp_reset_enabled              = true
  # Outgoing traffic uses the rule below.
  disable_outbound_snat = true
}

# The machines' way to the internet, from the same address: free, whereas a NAT gateway costs 33 USD a month. Each
# machine has 1024 concurrent connections to one destination, of 64512 for all:
# https://learn.microsoft.com/azure/load-balancer/outbound-rules
resource "azurerm_lb_outbound_rule" "this" {
  name                     = "everything-out"
  loadbalancer_id          = azurerm_lb.this.id
  backend_address_pool_id  = azurerm_lb_backend_address_pool.this.id
  protocol                 = "All"
  allocated_outbound_ports = 1024
  tcp_reset_enabled        = true

  frontend_ip_configuration {
    name = "public"
  }
}
