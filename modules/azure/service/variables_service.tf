variable "service" {
  description = "The parts of the stack's variable `service` that the container app uses. The gateway's health check and time limit are in the module edge."
  type = object({
    port          = number
    entrypoint    = list(string)
    args          = list(string)
    user          = string
    health        = object({ port = number, started = string, live = string, ready = string })
    start_seconds = number
    stop_seconds  = number
    secrets       = map(string)
    egress_ports  = list(number)
    writable      = map(number)
    log_days      = number
  })

  validation {
    condition = alltrue([
      for port in concat(compact([var.service.port, var.service.health.port]), var.service.egress_ports) :
      floor(port) == tonumber(port) && port >= 1 && port <= 65535
    ])
    error_message = <<-EOT
      service.port, service.health.port and service.egress_ports must be whole numbers from 1 to 65535; they are
      ${join(", ", concat(compact([var.service.port, var.service.health.port]), var.service.egress_ports))}.
    EOT
  }

  validation {
    condition = alltrue([
      for path in compact([var.service.health.started, var.service.health.live, var.service.health.ready]) :
      can(regex("^/[!-~]*$", path))
    ])
    error_message = <<-EOT
      service.health: paths must begin with "/", such as "/ready"; they are
      ${join(", ", compact([var.service.health.started, var.service.health.live, var.service.health.ready]))}.
    EOT
  }

  validation {
    condition     = var.service.user == null
    error_message = <<-EOT
      service.user must be null on Azure, where a container runs as the user that its image names; it is
      "${coalesce(var.service.user, "null")}".
    EOT
  }

  validation {
    condition     = floor(var.service.start_seconds) == var.service.start_seconds && var.service.start_seconds >= 10 && var.service.start_seconds <= 240
    error_message = "service.start_seconds must be a whole number from 10 to 240, the most that all clouds take; it is ${var.service.start_seconds}."
  }

  validation {
    # https://learn.microsoft.com/azure/container-apps/application-lifecycle-management#shutdown
    condition     = floor(var.service.stop_seconds) == var.service.stop_seconds && var.service.stop_seconds >= 1 && var.service.stop_seconds <= 600
    error_message = <<-EOT
      service.stop_seconds must be a whole number from 1 to 600, the longest that Container Apps waits before it kills an instance; it is
      ${var.service.stop_seconds}.
    EOT
  }

  validation {
    condition = alltrue([
      for id in values(var.service.secrets) :
      can(regex("^/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft.KeyVault/vaults/[^/]+/secrets/[^/]+$", id))
    ])
    error_message = <<-EOT
      service.secrets must map names of environment variables to ids of secrets in Key Vault,
      /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.KeyVault/vaults/VAULT/secrets/NAME; refused:
      ${join(", ", [for name, id in var.service.secrets :
name if !can(regex("^/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft.KeyVault/vaults/[^/]+/secrets/[^/]+$", id))])}.
    EOT
}

validation {
  # https://learn.microsoft.com/azure/container-apps/manage-secrets
  condition = (
    length(distinct([for name in keys(var.service.secrets) : lower(name)])) == length(var.service.secrets) &&
    alltrue([for name in keys(var.service.secrets) : can(regex("^[A-Za-z]([A-Za-z0-9_]*[A-Za-z0-9])?$", name))])
  )
  error_message = <<-EOT
    service.secrets: a name must begin with a letter and must not end with _. Two names must not differ in case alone, because Container Apps has
    secret names in lower case only. The names are ${join(", ", keys(var.service.secrets))}.
  EOT
}

validation {
  condition     = length(var.service.writable) == 0
  error_message = <<-EOT
    service.writable must be empty on Azure. There a container can write to any path: 1 GiB with 0.25 vCPU, up to 8 GiB with more; it is
    ${jsonencode(var.service.writable)}.
  EOT
}

validation {
  # https://learn.microsoft.com/azure/azure-monitor/logs/data-retention-configure
  condition     = floor(var.service.log_days) == var.service.log_days && var.service.log_days >= 30 && var.service.log_days <= 730
  error_message = "service.log_days must be a whole number from 30 to 730, the range of Log Analytics; it is ${var.service.log_days}."
}
}

variable "scale" {
  description = <<-EOT
    Load at which instances are added. cpu and memory: percent, 10 to 90; null means 80. requests: simultaneous requests for each instance, 1 or more;
    null means 100. If scale itself is null, the number of instances stays at instances.min.
  EOT
  type        = object({ cpu = number, memory = number, requests = number })
  nullable    = true

  validation {
    condition = alltrue([
      for percent in [try(var.scale.cpu, null), try(var.scale.memory, null)] :
      percent == null ? true : floor(percent) == percent && percent >= 10 && percent <= 90
    ])
    error_message = <<-EOT
      scale.cpu and scale.memory must be whole numbers from 10 to 90 percent. Below 10, even idle instances would cause scaling. Above 90, the CPU or
      memory alarm would fire before instances are added.
    EOT
  }

  validation {
    condition     = try(var.scale.requests, null) == null ? true : floor(var.scale.requests) == var.scale.requests && var.scale.requests >= 1
    error_message = "scale.requests must be a whole number, at least 1; it is ${try(coalesce(var.scale.requests, 100), 100)}."
  }
}

variable "principal" {
  description = "Object id of the service's identity, from the module identity: the right to read a secret is given to it."
  type        = string
}
