variable "platform" {
  description = <<-EOT
    The platform that the service runs on, as the output tfvars of stacks/platform gives it. name must then be PLATFORM-KEY. The platform's cidr, nat,
    domain, waf and email apply in place of this stack's. null: the service gets its own network and load balancer.
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
      var.platform == null ||
      try(contains([for key in keys(var.platform.services) : "${var.platform.name}-${key}"], var.name), false)
    )
    error_message = <<-EOT
      name must be PLATFORM-KEY with a KEY that the platform declares: "${var.name}" is not one of
      ${try(join(", ", [for key in keys(var.platform.services) : "${var.platform.name}-${key}"]), "")}; add the key to the variable services in
      stacks/platform/gcp, and apply that stack first.
    EOT
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
