variable "services" {
  description = <<-EOT
    The services, by key of 2 to 8 characters. slot: a number from 1 to (98 - previews), different for each service. check: path and status of the
    gateway's health check. request_seconds: how long a request may take, 1 to 240. A gateway has at most 100 listeners, or 40 with WAF. Each service
    and preview takes one, the platform two.
  EOT
  type = map(object({
    slot            = number
    check           = optional(object({ path = optional(string, "/now"), status = optional(number, 200) }), {})
    request_seconds = optional(number, 30)
  }))
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for key in keys(var.services) :
      can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", key)) && length(key) >= 2 && length(key) <= 8 && !can(regex("^(platform|p[0-9]+)$", key))
    ])
    error_message = <<-EOT
      services: a key has 2 to 8 lower-case letters, digits and single hyphens, starting with a letter. It must not be "platform", nor p and a number,
      which is a preview's name. The keys are ${join(", ", keys(var.services))}.
    EOT
  }

  validation {
    condition = (
      length(distinct([for service in var.services : service.slot])) == length(var.services) &&
      alltrue([for service in var.services : floor(service.slot) == service.slot && service.slot >= 1 && service.slot <= 98 - var.previews])
    )
    error_message = <<-EOT
      services: each needs a slot of its own, a whole number from 1 to ${98 - var.previews}. The slots are
      ${join(", ", [for key, service in var.services : "${key} ${service.slot}"])}.
    EOT
  }

  validation {
    condition = alltrue([
      for check in values(var.services)[*].check :
      can(regex("^/[!-~]*$", check.path)) && floor(check.status) == check.status && check.status >= 200 && check.status <= 599
    ])
    error_message = <<-EOT
      services: check.path must begin with "/" and have no spaces. check.status must be an HTTP status from 200 to 599. The checks are
      ${join(", ", [for key, service in var.services : "${key} ${service.check.path} ${service.check.status}"])}.
    EOT
  }

  validation {
    # https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits#application-gateway-limits
    condition     = length(var.services) + var.previews + 2 <= (var.waf ? 40 : 100)
    error_message = <<-EOT
      Each service and preview needs one listener, the platform two: ${length(var.services) + var.previews + 2} in all. The gateway has at most
      ${var.waf ? "40 with WAF" : "100"}. Remove some services or previews, or create another platform.
    EOT
  }
}

variable "previews" {
  description = "How many pull requests can have a service of their own at a time, at p1.DOMAIN, p2.DOMAIN and so on: 0 to 20."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = floor(var.previews) == var.previews && var.previews >= 0 && var.previews <= 20
    error_message = "previews must be a whole number from 0 to 20; it is ${var.previews}."
  }
}
