variable "platform" {
  description = <<-EOT
    The platform that the service runs on, as the output tfvars of stacks/platform gives it. name must then be PLATFORM-KEY. The platform's cidr,
    zones, nat, domain, waf and email apply in place of this stack's. null: the service gets its own network and load balancer.
  EOT
  type = object({
    name               = string
    domain             = string
    nat                = string
    network_id         = string
    private_subnet_ids = list(string)
    firewall_source    = optional(string)
    compute            = optional(object({ environment_id = string, workspace_id = string, domain = string }))
    door               = optional(object({ listener_arn = string, security_group_id = string }))
    edge_id            = string
    channel            = string
    repository_url     = string
    puller             = optional(string)
    services           = map(object({ url = string, slot = number, request_seconds = number }))
  })
  default = null

  validation {
    condition = (
      var.platform == null ? true : startswith(var.name, "${var.platform.name}-")
      && contains(keys(var.platform.services), trimprefix(var.name, "${var.platform.name}-"))
    )
    error_message = <<-EOT
      name must be PLATFORM-KEY with a KEY that the platform declares; "${var.name}" is not one of
      ${join(", ", [for key in try(keys(var.platform.services), []) : "${var.platform.name}-${key}"])}. Add the key to the variable services in
      stacks/platform/aws, and apply that stack first.
    EOT
  }
}

variable "domain" {
  description = "Own domain: name, and zone (Route 53 hosted zone id) or certificate (ARN in ACM); null serves on port 80 under the load balancer's name."
  type        = object({ name = string, zone = optional(string), certificate = optional(string) })
  default     = null
}

variable "waf" {
  description = "Whether AWS WAF filters requests, from 9 USD a month."
  type        = bool
  default     = false
}

variable "email" {
  description = "E-mail address that gets the alarms. AWS first sends it a confirmation link, which must be opened. null: nobody."
  type        = string
  default     = null
}

variable "expires" {
  description = <<-EOT
    Time in UTC after which the stack may be removed, such as 2026-12-03-1400. Its resources are labelled with the time, and doctor reports it;
    nothing is removed automatically. null: never.
  EOT
  type        = string
  default     = null

  validation {
    condition     = var.expires == null || can(regex("^[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{4}$", var.expires))
    error_message = "expires must be a time in UTC such as 2026-12-03-1400; it is \"${coalesce(var.expires, "null")}\"."
  }
}

variable "pull_request" {
  description = "Number of the pull request that a preview shows; the preview's resources are labelled with it. null: the stack is no preview."
  type        = number
  default     = null

  validation {
    condition     = var.pull_request == null || try(var.pull_request >= 1 && floor(var.pull_request) == var.pull_request, false)
    error_message = "pull_request must be a whole number, at least 1; it is ${coalesce(var.pull_request, 0)}."
  }
}
