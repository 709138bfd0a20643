locals {
  # What the newest revision runs: during a canary the canary's image, while the stable revision keeps its own.
  image = var.canary == null ? var.image : var.canary.image
  ports = { service = var.service.port, health = coalesce(var.service.health.port, var.service.port) }
  own   = var.tag == null || length(var.service.egress_ports) > 0 ? "${var.name}-service" : null
  # Environment variables: values, and names of secrets. A new instance's network starts up to a minute after its
  # process, so that without a wait it would begin with failures:
  # https://cloud.google.com/run/docs/configuring/vpc-direct-vpc#limitations
  settings = merge({ for variable, value in merge({ MERIDIAN_DOCUMENTS_WAIT = "100s" }, var.environment, {
    MERIDIAN_ADMIN_PORT = tostring(local.ports.health)
    # Responses name the image that they come from, so that a canary can be told apart from the stable version.
    MERIDIAN_VERSION = split("@", local.image)[1]
    # The module edge's load balancer sets it, and there is no other way in.
    MERIDIAN_CLIENT_ADDRESS = "header:X-Client-Address"
  }) : variable => { value = value, secret = null } }, { for variable, secret in local.secrets : variable => { value = null, secret = secret } })
}
