locals {
  # Port 80 alone serves; with a domain it redirects, and 443 serves.
  ports = var.domain == null ? { http = 80 } : { http = 80, https = 443 }
  # The services of a platform; none where the gateway is a service's own.
  shared = var.services == null ? {} : var.services
  # What visitors are led to, by the name of pool and settings.
  backends = merge(
    { for name in ["service"] : name => {
      rule = "serve", priority = 100, listener = var.domain == null ? "http" : "https", probe = "now", origin = var.origin, of = var.service
    } if var.services == null },
    { for key, service in local.shared : key => {
      rule = key, priority = 100 + service.slot, listener = key, probe = key, origin = service.origin, of = service
    } },
  )
  # Names of more than eight letters, which no service has, where there are several. A redirect must lead to a listener of no
  # host, and not to one of *.DOMAIN: https://github.com/Azure/application-gateway-kubernetes-ingress/issues/1001
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
    # A host that no service has: to the domain itself, which is yours to fill.
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
  # The name that leads here, and that the certificate bears.
  host = var.services == null ? try(var.domain.name, null) : "*.${var.domain.name}"

  # Id in Resource Manager to address: the gateway asks for the newest version every four hours.
  vault       = try(regex("/vaults/(?P<vault>[^/]+)/secrets/(?P<secret>[^/]+)$", var.domain.certificate), null)
  certificate = local.vault == null ? null : "https://${local.vault.vault}.vault.azure.net/secrets/${local.vault.secret}"
  zone        = try(regex("(?i)/resourceGroups/(?P<group>[^/]+)/providers/Microsoft.Network/dnsZones/(?P<name>[^/]+)$", var.domain.zone), null)
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

  name                = local.host == local.zone.name ? "@" : trimsuffix(local.host, ".${local.zone.name}")
  zone_name           = local.zone.name
  resource_group_name = local.zone.group
  ttl                 = 300
  target_resource_id  = azurerm_public_ip.this.id
}
