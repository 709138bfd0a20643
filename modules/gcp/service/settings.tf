locals {
  # What the newest revision runs: with a canary that is the canary, and the stable revision keeps
  # what it was made with.
  image = var.canary == null ? var.image : var.canary.image
  ports = { service = var.service.port, health = coalesce(var.service.health.port, var.service.port) }
  own   = var.tag == null || length(var.service.egress_ports) > 0 ? "${var.name}-service" : null
  # The environment: what is written there, and names of secrets. A new instance's network comes up to a minute after its
  # process, so that it would begin with failures:
  # https://cloud.google.com/run/docs/configuring/vpc-direct-vpc#limitations
  settings = merge({ for variable, value in merge({ MERIDIAN_DOCUMENTS_WAIT = "100s" }, var.environment, {
    MERIDIAN_ADMIN_PORT = tostring(local.ports.health)
    # Answers tell which image gave them, so that a canary can be told from the stable.
    MERIDIAN_VERSION = split("@", local.image)[1]
    # The load balancer of the module edge writes it, and there is no other way in.
    MERIDIAN_CLIENT_ADDRESS = "header:X-Client-Address"
  }) : variable => { value = value, secret = null } }, { for variable, secret in local.secrets : variable => { value = null, secret = secret } })
}
