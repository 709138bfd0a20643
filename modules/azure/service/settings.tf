locals {
  ports = { service = var.service.port, health = coalesce(var.service.health.port, var.service.port) }
  # At most 30 requests, at least two seconds apart.
  pace = max(2, ceil(var.service.start_seconds / 30))
  # What the newest revision runs. During a canary the older one, which traffic_weight names, keeps what it has.
  image  = var.canary == null ? var.image : var.canary.image
  puller = coalesce(var.puller, var.identity_id)
  # Azure registries that it pulls from; others need no identity.
  registries = toset([for image in [var.image, local.image] : split("/", image)[0] if endswith(split("/", image)[0], ".azurecr.io")])
  # Environment variables: values, and names of secrets.
  settings = merge({ for variable, value in merge(var.environment, {
    PORT                = tostring(local.ports.service)
    MERIDIAN_ADMIN_PORT = tostring(local.ports.health)
    # Responses name the image that they come from, so that a canary can be told apart from the stable version.
    MERIDIAN_VERSION = split("@", local.image)[1]
    # The gateway replaces whatever the client sent. Container Apps overwrites X-Forwarded-For with the gateway's
    # address: https://github.com/microsoft/azure-container-apps/issues/1538
    MERIDIAN_CLIENT_ADDRESS = "header:X-Client-IP"
  }) : variable => { value = value, secret = null } }, { for variable, secret in local.secrets : variable => { value = null, secret = secret.name } })
}
