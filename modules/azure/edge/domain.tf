locals {
  # Without a domain port 80 serves; with one, 80 redirects and 443 serves.
  ports = var.domain == null ? { http = 80 } : { http = 80, https = 443 }
  # The services of a platform; none if the gateway belongs to one service.
  shared = var.services == null ? {} : var.services
  # Where requests go, by the name of pool and settings.
  backends = merge(
    { for name in ["service"] : name => {
      rule = "serve", priority = 100, listener = var.domain == null ? "http" : "https", probe = "now", origin = var.origin, of = var.service
    } if var.services == null },
    { for key, service in local.shared : key => {
      rule = key, priority = 100 + service.slot, listener = key, probe = key, origin = service.origin, of = service
    } },
  )
  # With several services, names of more than eight letters, which no service has. A redirect must target a listener
  # without a host, not one for *.DOMAIN: https://github.com/Azure/application-gateway-kubernetes-ingress/issues/1001
  listeners = merge(
    { for port in keys(local.ports) : (var.services == null ? port : "every-${port}") => { port = port, host = null } },
    { for key in keys(local.shared) : key => { port = "https", host = "${key}.${var.domain.name}" } },
  )
  redirects = merge(
    { for name in ["redirect"] : name => {
      priority = 200, listener = "http", name = "https", url = "https://${var.domain.name}", to = null, kept = true, kind = "Permanent"
    } if var.domain != null && var.services == null },
    { for name in ["every-http"] : name => {
      priority = 200, listener = name, name = name, url = null, to = "every-https", kept = true, kind = "Permanent"
    } if var.services != null },
    # A host that belongs to no service: redirects to the domain itself, where you can put your own page.
    { for name in ["every-https"] : name => {
      priority = 300, listener = name, name = name, url = "https://${var.domain.name}", to = null, kept = false, kind = "Temporary"
    } if var.services != null },
  )
  rules = merge(
    { for name, backend in local.backends : backend.rule => {
      priority = backend.priority, listener = backend.listener, service = name, rewrite = "client", redirect = null
    } },
    { for name, redirect in local.redirects : name => {
      priority = redirect.priority, listener = redirect.listener, service = null, rewrite = null, redirect = redirect.name
    } },
  )
  # The name that leads here and is in the certificate.
  host = var.services == null ? try(var.domain.name, null) : "*.${var.domain.name}"

  # From the id in Resource Manager to an address; the gateway asks for the newest version every four hours.
  vault       = try(regex("/vaults/(?P<vault>[^/]+)/secrets/(?P<secret>[^/]+)$", var.domain.certificate), null)
  certificate = local.vault == null ? null : "https://${local.vault.vault}.vault.azure.net/secrets/${local.vault.secret}"
  zone        = try(regex("(?i)/resourceGroups/(?P<group>[^/]+)/providers/Microsoft.Network/dnsZones/(?P<name>[^/]+)$", var.domain.zone), null)
}

# The gateway's identity for fetching the certificate; it may read only this secret. It is free, and exists without a
# domain too: the provider never removes an identity from a gateway.
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

  # Deleted only after the gateway no longer uses the certificate.
  lifecycle {
    create_before_destroy = true
  }
}

# The right takes minutes to reach the vault, and a gateway without it fails only after half an hour. In a first
# deployment, this wait runs while the environment is created.
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

  name                = local.host == local.zone.name ? "@" : trimsuffix(local.host, ".${local.zone.name}")
  zone_name           = local.zone.name
  resource_group_name = local.zone.group
  ttl                 = 300
  target_resource_id  = azurerm_public_ip.this.id
}
