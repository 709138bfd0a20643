locals {
  # Port 80 alone serves; with a domain it redirects, and 443 serves.
  ports = var.domain == null ? { http = 80 } : { http = 80, https = 443 }
  rules = merge(
    { serve = { priority = 100, listener = var.domain == null ? "http" : "https", service = "service", rewrite = "client", redirect = null } },
    var.domain == null ? {} : { redirect = { priority = 200, listener = "http", service = null, rewrite = null, redirect = "https" } },
  )

  # Id in Resource Manager to address: the gateway asks for the newest version every four hours.
  vault       = try(regex("/vaults/(?P<vault>[^/]+)/secrets/(?P<secret>[^/]+)$", var.domain.certificate), null)
  certificate = local.vault == null ? null : "https://${local.vault.vault}.vault.azure.net/secrets/${local.vault.secret}"
  zone        = try(regex("/resourceGroups/(?P<group>[^/]+)/providers/Microsoft.Network/dnsZones/(?P<name>[^/]+)$", var.domain.zone), null)
}

# Who the gateway is when it fetches the certificate; it may read this one secret and nothing else.
resource "azurerm_user_assigned_identity" "this" {
  count = var.domain == null ? 0 : 1

  name                = "${var.name}-gateway"
  resource_group_name = var.place.resource_group
  location            = var.place.location
}

resource "azurerm_role_assignment" "certificate" {
  count = var.domain == null ? 0 : 1

  scope                = var.domain.certificate
  role_definition_name = "Key Vault Secrets User"
  principal_id         = azurerm_user_assigned_identity.this[0].principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_dns_a_record" "this" {
  count = local.zone == null ? 0 : 1

  name                = var.domain.name == local.zone.name ? "@" : trimsuffix(var.domain.name, ".${local.zone.name}")
  zone_name           = local.zone.name
  resource_group_name = local.zone.group
  ttl                 = 300
  target_resource_id  = azurerm_public_ip.this.id
}
