variable "service" {
  description = <<-EOT
    The service that the stack runs. Fields that you leave out have Meridian's values; if you set health, none of its
    defaults apply. stacks/OWN-SERVICE.md explains each field. start_seconds: 10 to 240; stop_seconds: 1 to 600;
    request_seconds: 1 to 240. secrets are given by their ids in Resource Manager. On Azure leave out user and writable.
    egress_ports has no effect on Azure, because all ports are open to outgoing connections.
  EOT
  type = object({
    meridian   = optional(bool, true)
    port       = optional(number, 8080)
    entrypoint = optional(list(string))
    args       = optional(list(string))
    user       = optional(string)
    health = optional(object({
      port    = optional(number)
      started = optional(string)
      live    = optional(string)
      ready   = string
    }), { port = 8081, started = "/started", live = "/live", ready = "/ready" })
    start_seconds   = optional(number, 60)
    stop_seconds    = optional(number, 10)
    check           = optional(object({ path = optional(string, "/now"), status = optional(number, 200) }), {})
    paths           = optional(map(number), {})
    secrets         = optional(map(string), {})
    egress_ports    = optional(list(number), [])
    writable        = optional(map(number), {})
    request_seconds = optional(number, 30)
    log_days        = optional(number, 30)
  })
  default  = {}
  nullable = false

  validation {
    # If both use one port, Meridian exits at startup.
    condition     = !var.service.meridian || coalesce(var.service.health.port, var.service.port) != var.service.port
    error_message = <<-EOT
      service.health.port must differ from service.port (${var.service.port}) if service.meridian is true, because Meridian answers health checks on a
      separate port.
    EOT
  }

  validation {
    condition     = alltrue([for path in concat([var.service.check.path], keys(var.service.paths)) : can(regex("^/[!-~]*$", path))])
    error_message = <<-EOT
      service.check.path and the names in service.paths must begin with "/" and have no spaces, such as "/now"; they
      are: ${join(", ", concat([var.service.check.path], keys(var.service.paths)))}.
    EOT
  }

  validation {
    condition = alltrue([
      for status in concat([var.service.check.status], values(var.service.paths)) :
      floor(status) == status && status >= 200 && status <= 599
    ])
    error_message = <<-EOT
      service.check.status and the values in service.paths must be HTTP statuses from 200 to 599; they are:
      ${join(", ", concat([var.service.check.status], values(var.service.paths)))}.
    EOT
  }

  validation {
    # The platform's gateway ends a request, whatever the service allows.
    condition     = var.service.request_seconds <= try(var.platform.services[trimprefix(var.name, "${var.platform.name}-")].request_seconds, 3600)
    error_message = <<-EOT
      service.request_seconds is ${var.service.request_seconds}, and the platform ends a request of this service after
      ${try(var.platform.services[trimprefix(var.name, "${var.platform.name}-")].request_seconds, 3600)} seconds; raise the service's request_seconds
      in the variable services in stacks/platform/azure, and apply that stack first.
    EOT
  }

  validation {
    condition     = var.platform == null || var.service.log_days == 30
    error_message = <<-EOT
      service.log_days must be 30 on a platform. All its services share one workspace, which keeps logs for 30 days; it is ${var.service.log_days}.
    EOT
  }
}

variable "scale" {
  description = "When instances are added: cpu and memory in percent, 10 to 90, 80 if null; requests that an instance has at once, 100 if null."
  type        = object({ cpu = optional(number), memory = optional(number), requests = optional(number) })
  default     = {}
  nullable    = false
}

variable "probe" {
  description = <<-EOT
    The probe of the public address, or null for none: every_minutes, a divisor of 60; image, a Meridian image by digest,
    or null for the image that the service runs.
  EOT
  type        = object({ every_minutes = optional(number, 5), image = optional(string) })
  default     = {}

  validation {
    # A server ignores "probe URL" and serves until it is stopped: an alarm that never ends.
    condition     = var.probe == null || var.service.meridian || try(var.probe.image, null) != null
    error_message = <<-EOT
      If service.meridian is false, set probe.image to an image of Meridian, or set probe to null. The service's own image does not contain the probe.
    EOT
  }

  validation {
    # As for image: there is a right to pull from one Azure registry.
    condition = (
      !can(regex("\\.azurecr\\.io/", var.probe.image)) ||
      try(
        split("/", var.probe.image)[0] == split("/", coalesce(var.repository_url, try(var.platform.repository_url, null)))[0],
        can(regex("^${replace(var.name, "-", "")}[0-9a-f]{8}\\.azurecr\\.io/", var.probe.image))
      )
    )
    error_message = "The probe has no right to pull probe.image from its Azure registry; it is \"${try(coalesce(var.probe.image, "null"), "null")}\"."
  }
}
