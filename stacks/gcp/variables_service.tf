variable "service" {
  description = <<-EOT
    The service that the stack runs. Fields that you leave out have Meridian's values; if you set health, none of its defaults apply.
    stacks/OWN-SERVICE.md explains each field. start_seconds: 10 to 240; stop_seconds: 1 to 10; request_seconds: 1 to 3600. secrets are given as
    projects/PROJECT/secrets/NAME. On Google leave out user and writable. Leave log_days at 30, because the project's log bucket decides how long logs
    are kept.
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
    # As on the other clouds, whose load balancers end requests.
    condition     = var.service.request_seconds <= try(var.platform.services[trimprefix(var.name, "${var.platform.name}-")].request_seconds, 3600)
    error_message = <<-EOT
      service.request_seconds is ${var.service.request_seconds}, and the platform declares at most
      ${try(var.platform.services[trimprefix(var.name, "${var.platform.name}-")].request_seconds, 3600)} seconds for this service; raise the service's
      request_seconds in the variable services in stacks/platform/gcp, and apply that stack first.
    EOT
  }
}

variable "scale" {
  description = <<-EOT
    When instances are added. requests: simultaneous requests for each instance, 1 to 600. null means 48 per vCPU: an
    instance then gets at most 80 per vCPU, and Cloud Run adds instances at 60 percent of that. cpu and memory must be
    null on Google.
  EOT
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
    # As for image.
    condition     = try(var.probe.image, null) == null || can(regex("^([a-z0-9-]+-docker\\.pkg\\.dev|([a-z]+\\.)?gcr\\.io|docker\\.io)/", var.probe.image))
    error_message = <<-EOT
      probe.image must be in Artifact Registry or on Docker Hub, since Cloud Run fetches from nowhere else; it is
      "${try(coalesce(var.probe.image, "null"), "null")}".
    EOT
  }
}
