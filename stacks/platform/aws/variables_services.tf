variable "services" {
  description = <<-EOT
    The services, by key: slot, from 1 to 49 less the value of previews, each used once and never changed; check, which
    only Azure uses; request_seconds, how long a request may take, 1 to 3600, the longest of which applies to all on
    AWS. A key has 2 to 8 lower-case letters, digits and single hyphens.
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
      services: a key has 2 to 8 lower-case letters, digits and single hyphens, a letter first, and is neither "platform" nor a preview's name, such
      as p1; they are ${join(", ", keys(var.services))}.
    EOT
  }

  validation {
    # 100 rules and, fixed, 100 target groups, of which a service has two:
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
    condition = alltrue([for service in values(var.services) :
      floor(service.slot) == service.slot && service.slot >= 1 && service.slot <= 49 - var.previews
    ]) && length(distinct(values(var.services)[*].slot)) == length(var.services)
    error_message = <<-EOT
      services: each needs a slot of its own, a whole number from 1 to ${49 - var.previews}, since a load balancer is given 49 services and
      previews; they are ${join(", ", [for key, service in var.services : "${key} ${service.slot}"])}.
    EOT
  }
}

variable "previews" {
  description = "How many previews of pull requests may stand at once, p1 and so on, 0 to 20."
  type        = number
  default     = 0

  validation {
    condition     = floor(var.previews) == var.previews && var.previews >= 0 && var.previews <= 20
    error_message = "previews must be a whole number from 0 to 20; it is ${var.previews}."
  }
}
