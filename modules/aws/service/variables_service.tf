variable "service" {
  description = "The parts of the stack's variable `service` that a task uses. The ports are in the variable `entry`."
  type = object({
    meridian      = bool
    entrypoint    = list(string)
    args          = list(string)
    user          = string
    start_seconds = number
    stop_seconds  = number
    secrets       = map(string)
    egress_ports  = list(number)
    writable      = map(number)
    log_days      = number
  })

  validation {
    condition     = var.service.user == null || can(regex("^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$", var.service.user))
    error_message = <<-EOT
      service.user must be the name or number of a user in the image, optionally followed by :GROUP; null uses the image's default user; it is
      "${coalesce(var.service.user, "null")}".
    EOT
  }

  validation {
    condition     = floor(var.service.start_seconds) == var.service.start_seconds && var.service.start_seconds >= 10 && var.service.start_seconds <= 240
    error_message = "service.start_seconds must be a whole number from 10 to 240, the most that all clouds take; it is ${var.service.start_seconds}."
  }

  validation {
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#container_definition_timeout
    condition     = floor(var.service.stop_seconds) == var.service.stop_seconds && var.service.stop_seconds >= 1 && var.service.stop_seconds <= 120
    error_message = <<-EOT
      service.stop_seconds must be a whole number from 1 to 120, the longest that Fargate waits before it kills a container; it is
      ${var.service.stop_seconds}.
    EOT
  }

  validation {
    condition     = alltrue([for arn in values(var.service.secrets) : can(regex(local.secret, arn))])
    error_message = <<-EOT
      service.secrets must map names of environment variables to ARNs. For a Secrets Manager secret use
      arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX, and append :KEY:: to read one key of a JSON secret. For an SSM parameter use
      arn:aws:ssm:REGION:ACCOUNT:parameter/NAME, without a version. Refused:
      ${join(", ", [for name, arn in var.service.secrets : name if !can(regex(local.secret, arn))])}.
    EOT
  }

  validation {
    condition     = alltrue([for port in var.service.egress_ports : floor(port) == port && port >= 1 && port <= 65535])
    error_message = "service.egress_ports must be whole numbers from 1 to 65535; they are ${join(", ", var.service.egress_ports)}."
  }

  validation {
    condition = (
      alltrue([for path, size in var.service.writable : can(regex("^/[^/]", path)) && floor(size) == size && size >= 1]) &&
      sum(concat([0], values(var.service.writable))) < var.memory
    )
    error_message = <<-EOT
      service.writable must map absolute paths, other than /, to sizes in whole MiB. The sizes count towards memory, so their sum must be less than
      ${var.memory} MiB; it is ${jsonencode(var.service.writable)}.
    EOT
  }

  validation {
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.service.log_days)
    error_message = <<-EOT
      service.log_days must be a period that CloudWatch Logs has: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400,
      545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653 days; it is ${var.service.log_days}.
    EOT
  }
}

variable "scale" {
  description = <<-EOT
    cpu and memory: percentage at which instances are added, 10 to 90; null means 80. Leave requests null on AWS. If scale itself is null,
    instances.min run, and no more.
  EOT
  type        = object({ cpu = number, memory = number, requests = number })
  nullable    = true

  validation {
    condition     = alltrue([for percent in [try(var.scale.cpu, null), try(var.scale.memory, null)] : percent == null ? true : percent >= 10 && percent <= 90])
    error_message = <<-EOT
      scale.cpu and scale.memory must be 10 to 90 percent. Below 10, even idle instances would cause scaling. Above 90, the CPU or memory alarm would
      fire before instances are added.
    EOT
  }

  validation {
    condition     = try(var.scale.requests, null) == null
    error_message = "scale.requests must be null on AWS. AWS counts requests per minute, not simultaneous requests. Use scale.cpu."
  }
}

locals {
  # A right must name the secret's complete ARN, with its last six characters. ECS accepts the suffix KEY:STAGE:VERSION
  # only as a whole: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
  secret = join("", [
    "^arn:aws[a-z-]*:(secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}(:[^:]*:[^:]*:[^:]*)?",
    "|ssm:[a-z0-9-]+:[0-9]{12}:parameter/[A-Za-z0-9_./-]+)$",
  ])
  # Variables that the module itself sets.
  reserved = ["PORT", "MERIDIAN_ADMIN_PORT", "MERIDIAN_VERSION", "MERIDIAN_CLIENT_ADDRESS"]
}

variable "environment" {
  description = "Environment variables of the service beyond what this module sets. No secrets: whoever may describe a task definition can read them."
  type        = map(string)

  validation {
    condition     = alltrue([for name in concat(keys(var.environment), keys(var.service.secrets)) : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name))])
    error_message = <<-EOT
      environment and service.secrets: names have letters, digits and _, no digit first; refused:
      ${join(", ", [for name in concat(keys(var.environment), keys(var.service.secrets)) : name if !can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name))])}.
    EOT
  }

  validation {
    condition     = length(setintersection(concat(keys(var.environment), keys(var.service.secrets)), local.reserved)) == 0
    error_message = <<-EOT
      environment and service.secrets must not set
      ${join(", ", setintersection(concat(keys(var.environment), keys(var.service.secrets)), local.reserved))}. The module sets these itself, to the
      values that the load balancer and the image expect.
    EOT
  }

  validation {
    condition     = length(setintersection(keys(var.environment), keys(var.service.secrets))) == 0
    error_message = "environment and service.secrets must not both set ${join(", ", setintersection(keys(var.environment), keys(var.service.secrets)))}."
  }
}
