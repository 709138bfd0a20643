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

# Who the gateway is when it fetches the certificate; it may read this one secret and nothing else. It is free, and there
# without a domain too: the provider never takes an identity away from a gateway.
resource "azurerm_user_assigned_identity" "this" {
  name                = "${var.name}-gateway"
  resource_group_name = var.place.resource_group
  location            = var.place.location
}

resource "azurerm_role_assignment" "certificate" {
  count = var.domain == null ? 0 : 1

  scope                = var.domain.certificate
  role_definition_name = "Key Vault Secrets User"
  principal_id         = azurerm_user_assigned_identity.this.principal_id
  principal_type       = "ServicePrincipal"

  # Goes only when the gateway has let go of the certificate.
  lifecycle {
    create_before_destroy = true
  }
}

# The right takes minutes to reach the vault, and a gateway that is refused fails only after half an hour. On a first
# deployment the environment's minutes cover these.
resource "terraform_data" "certificate" {
  count = var.domain == null ? 0 : 1

  triggers_replace = azurerm_role_assignment.certificate[0].id

  provisioner "local-exec" {
    interpreter = ["bash", "-c"]
    command     = "echo 'Waiting 3 minutes until the gateway may read its certificate' >&2; sleep $${SPREAD:-180}"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "azurerm_dns_a_record" "this" {
  count = local.zone == null ? 0 : 1

  name                = var.domain.name == local.zone.name ? "@" : trimsuffix(var.domain.name, ".${local.zone.name}")
  zone_name           = local.zone.name
  resource_group_name = local.zone.group
  ttl                 = 300
  target_resource_id  = azurerm_public_ip.this.id
}
