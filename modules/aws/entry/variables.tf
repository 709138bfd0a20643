variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string
}

variable "network_id" {
  description = "Id of the VPC, from the module network."
  type        = string
}

variable "listener_arn" {
  description = "ARN of the listener that serves, from the module edge."
  type        = string
}

variable "security_group_id" {
  description = "Id of the load balancer's security group, from the module edge."
  type        = string
}

variable "host" {
  description = "Host name of the service, on a load balancer that several services share; null: the service gets all requests."
  type        = string
  nullable    = true
}

variable "slot" {
  description = <<-EOT
    Number of the service on a load balancer that several services share, 1 to 49; no two services may have the same. 0 if the load balancer serves
    only this service. The service's listener rules get the priorities 100 + slot and 50000 - slot. A load balancer takes 100 rules and 100 target
    groups, and each service uses two of each; one slot is kept free.
  EOT
  type        = number
}

variable "service" {
  description = <<-EOT
    The parts of the stack's variable `service` that concern the target groups: ports, the readiness path, and the
    time limits of requests and shutdown.
  EOT
  type = object({
    port            = number
    health          = object({ port = number, ready = string })
    request_seconds = number
    stop_seconds    = number
  })

  validation {
    condition     = alltrue([for port in compact([var.service.port, var.service.health.port]) : floor(port) == tonumber(port) && port >= 1 && port <= 65535])
    error_message = <<-EOT
      service.port and service.health.port must be whole numbers from 1 to 65535; they are ${var.service.port} and
      ${coalesce(var.service.health.port, var.service.port)}.
    EOT
  }

  validation {
    condition     = can(regex("^/[!-~]*$", var.service.health.ready))
    error_message = "service.health.ready must be a path that begins with \"/\", such as \"/ready\"; it is \"${var.service.health.ready}\"."
  }
}
