variable "services" {
  description = <<-EOT
    The services, by key. A key has 2 to 8 lower-case letters, digits and single hyphens. slot: a number from 1 to (49 - previews), different for
    each service; never change it. check: only Azure uses it. request_seconds: how long a request may take, 1 to 3600. An AWS load balancer has one
    limit for all services: the longest of these, at least 30.
  EOT
  type = map(object({
    slot            = number
    check           = optional(object({ path = optional(string, "/now"), status = optional(number, 200) }), {})
    request_seconds = optional(number, 30)
  }))
  default  = {}
  nullable = false

  validation {
    condition = alltrue([for key in keys(var.services) :
      can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", key)) && length(key) >= 2 && length(key) <= 8 && !can(regex("^(p[0-9]+|platform)$", key))
    ])
    error_message = <<-EOT
      services: a key has 2 to 8 lower-case letters, digits and single hyphens, starting with a letter, and is neither "platform" nor a preview's
      name, such as p1. The keys are ${join(", ", keys(var.services))}.
    EOT
  }

  validation {
    # 100 rules and, as a fixed limit, 100 target groups; a service has two of each:
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
    condition = alltrue([for service in values(var.services) :
      floor(service.slot) == service.slot && service.slot >= 1 && service.slot <= 49 - var.previews
    ]) && length(distinct(values(var.services)[*].slot)) == length(var.services)
    error_message = <<-EOT
      services: each needs its own slot, a whole number from 1 to ${49 - var.previews}. A load balancer has room for 49 services and previews
      together. The slots are ${join(", ", [for key, service in var.services : "${key} ${service.slot}"])}.
    EOT
  }
}

variable "previews" {
  description = "How many previews of pull requests can exist at once, 0 to 20. Their keys are p1, p2 and so on."
  type        = number
  default     = 0

  validation {
    condition     = floor(var.previews) == var.previews && var.previews >= 0 && var.previews <= 20
    error_message = "previews must be a whole number from 0 to 20; it is ${var.previews}."
  }
}
