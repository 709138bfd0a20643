variable "environment" {
  description = "Environment variables of the service, such as { MERIDIAN_HOME = \"hello\" }; no secrets."
  type        = map(string)
  default     = {}
}

variable "service" {
  description = <<-EOT
    The service that the stack runs. Fields that you leave out have Meridian's values; if you set health, none of its defaults apply.
    stacks/OWN-SERVICE.md explains each field. start_seconds: 10 to 240; stop_seconds: 1 to 120; request_seconds: 1 to 3600. writable is in MiB.
    secrets are given by ARN.
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
    # By the service's key, which follows the platform's name.
    condition     = var.service.request_seconds <= try(var.platform.services[trimprefix(var.name, "${var.platform.name}-")].request_seconds, 3600)
    error_message = <<-EOT
      service.request_seconds is ${var.service.request_seconds}, more than the platform declares for this service. First raise its request_seconds in
      the variable services in stacks/platform/aws, and apply that stack.
    EOT
  }

  validation {
    condition     = length(var.service.secrets) == 0 || try(var.platform.nat, var.nat) != "none"
    error_message = <<-EOT
      service.secrets must be empty when nat is "none". The network then has no endpoint for Secrets Manager or Parameter Store, so no task would
      start. Set nat = "single".
    EOT
  }
}

variable "scale" {
  description = "Load at which instances are added: cpu and memory in percent, 10 to 90, 80 if null. requests must be null on AWS."
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
    # As for image: tasks may pull from one ECR repository.
    condition = (
      !can(regex("\\.dkr\\.ecr\\.", var.probe.image)) ||
      try(
        split("@", var.probe.image)[0] == try(coalesce(var.repository_url, try(var.platform.repository_url, null)), null)
        || (var.repository_url == null && var.platform == null
        && can(regex("^${coalesce(var.account, "[0-9]{12}")}\\.dkr\\.ecr\\.${var.region}\\.amazonaws\\.com/${var.name}@", var.probe.image))),
        false
      )
    )
    error_message = "The tasks have no right to pull probe.image from its ECR repository; it is \"${try(coalesce(var.probe.image, "null"), "null")}\"."
  }
}

variable "canary" {
  description = "A second image for a share of the requests: image, by digest; percent, 0 to 100; stable, the value of the output `revision`. null for none."
  type        = object({ image = string, percent = number, stable = string })
  default     = null
}
