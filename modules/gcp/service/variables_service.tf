variable "service" {
  description = "The parts of the stack's variable `service` that a Cloud Run service uses."
  type = object({
    port            = number
    entrypoint      = list(string)
    args            = list(string)
    user            = string
    health          = object({ port = number, started = string, live = string, ready = string })
    start_seconds   = number
    stop_seconds    = number
    secrets         = map(string)
    egress_ports    = list(number)
    writable        = map(number)
    request_seconds = number
    log_days        = number
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
      service.user must be null on Google, where a container runs as the user that its image names; it is
      "${coalesce(var.service.user, "null")}".
    EOT
  }

  validation {
    condition     = floor(var.service.start_seconds) == var.service.start_seconds && var.service.start_seconds >= 10 && var.service.start_seconds <= 240
    error_message = "service.start_seconds must be a whole number from 10 to 240, the most that all clouds take; it is ${var.service.start_seconds}."
  }

  validation {
    # https://cloud.google.com/run/docs/container-contract#instance-shutdown
    condition     = floor(var.service.stop_seconds) == var.service.stop_seconds && var.service.stop_seconds >= 1 && var.service.stop_seconds <= 10
    error_message = <<-EOT
      service.stop_seconds must be a whole number from 1 to 10: Cloud Run kills an instance ten seconds after SIGTERM,
      and that cannot be changed; it is ${var.service.stop_seconds}.
    EOT
  }

  validation {
    condition     = alltrue([for id in values(var.service.secrets) : can(regex("^projects/[a-z0-9:.-]+/secrets/[A-Za-z0-9_-]+$", id))])
    error_message = <<-EOT
      service.secrets must map names of environment variables to ids in Secret Manager, projects/PROJECT/secrets/NAME,
      without a version; refused:
      ${join(", ", [for name, id in var.service.secrets : name if !can(regex("^projects/[a-z0-9:.-]+/secrets/[A-Za-z0-9_-]+$", id))])}.
    EOT
  }

  validation {
    condition     = length(var.service.writable) == 0
    error_message = <<-EOT
      service.writable must be empty on Google. There a container can write to its whole file system, which counts against its memory; it is
      ${jsonencode(var.service.writable)}.
    EOT
  }

  validation {
    # https://cloud.google.com/run/docs/configuring/request-timeout
    condition     = floor(var.service.request_seconds) == var.service.request_seconds && var.service.request_seconds >= 1 && var.service.request_seconds <= 3600
    error_message = "service.request_seconds must be a whole number from 1 to 3600; it is ${var.service.request_seconds}."
  }

  validation {
    condition     = var.service.log_days == 30
    error_message = <<-EOT
      service.log_days must be 30 on Google. Logs are in the project's bucket _Default, which this stack does not change. To change how long they
      are kept, leave log_days at 30 and run: gcloud logging buckets update _Default --location=global --retention-days=${var.service.log_days}.
    EOT
  }
}

variable "scale" {
  description = <<-EOT
    requests: simultaneous requests for each instance at which more instances are added, 1 to 600. null means 48 per vCPU: an instance then gets at
    most 80 per vCPU, and Cloud Run adds instances at 60 percent of that. cpu and memory must be null. If scale itself is null, at most instances.min
    instances run, or one if that is 0.
  EOT
  type        = object({ cpu = number, memory = number, requests = number })
  nullable    = true

  validation {
    condition     = try(var.scale.cpu, null) == null && try(var.scale.memory, null) == null
    error_message = <<-EOT
      scale.cpu and scale.memory must be null on Google. Cloud Run adds instances at 60 percent of CPU, which these modules do not change, and it does
      not scale by memory. Use scale.requests.
    EOT
  }

  validation {
    # 60 percent of the 1000 concurrent requests that Cloud Run allows.
    condition = (
      try(var.scale.requests, null) == null ? true :
      floor(var.scale.requests) == var.scale.requests && var.scale.requests >= 1 && var.scale.requests <= 600
    )
    error_message = "scale.requests must be a whole number from 1 to 600; it is ${try(coalesce(var.scale.requests, 80), 80)}."
  }
}
