variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string
}

variable "place" {
  description = "Id of the project, and region, such as us-central1, of all resources here."
  type        = object({ project = string, region = string })
}

variable "image" {
  description = "Image to run, by digest: REPOSITORY@sha256:…, built for linux/amd64."
  type        = string

  validation {
    condition     = can(regex("^[^@[:space:]]+@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image must be given by digest, REPOSITORY@sha256:<64 hex digits>, since a tag can come to mean something else; it is \"${var.image}\"."
  }
}

variable "canary" {
  description = <<-EOT
    A second image that gets a part of the requests; null: none. image: by digest; percent: share of the requests, 0 to 100; at 0 the canary gets
    none. stable: the value that the output `revision` had before the canary began.
  EOT
  type        = object({ image = string, percent = number, stable = string })
  nullable    = true

  validation {
    condition     = var.canary == null || can(regex("^[^@[:space:]]+@sha256:[0-9a-f]{64}$", var.canary.image))
    error_message = "canary.image must be given by digest, REPOSITORY@sha256:<64 hex digits>; it is \"${try(var.canary.image, "null")}\"."
  }

  validation {
    condition     = var.canary == null || try(var.canary.percent >= 0 && var.canary.percent <= 100 && floor(var.canary.percent) == var.canary.percent, false)
    error_message = "canary.percent must be a whole number from 0 to 100; it is ${try(var.canary.percent, "null")}."
  }

  validation {
    # As Cloud Run names them: the service, an increasing number, three random characters.
    condition     = var.canary == null || can(regex("^${var.name}-[0-9]{5,}-[a-z0-9]{3}$", var.canary.stable))
    error_message = "canary.stable must be the value of the output `revision`, such as ${var.name}-00007-abc; it is \"${try(var.canary.stable, "null")}\"."
  }

  validation {
    # Without a share, this is the second step of a withdrawal: a revision of `image` becomes ready and then takes over.
    condition     = var.canary == null || try(var.canary.image != var.image || var.canary.percent == 0, false)
    error_message = "While canary.percent is above 0, canary.image, the image to try, must differ from `image`, the one that runs now."
  }
}

variable "cpu" {
  description = "CPU of an instance in vCPU: 1, 2, 4, 6 or 8."
  type        = number

  validation {
    # https://cloud.google.com/run/docs/configuring/services/cpu#cpu-memory
    condition     = contains([1, 2, 4, 6, 8], var.cpu)
    error_message = "cpu must be 1, 2, 4, 6 or 8 vCPU, since with less than 1 vCPU, Cloud Run gives an instance one request at a time; it is ${var.cpu}."
  }
}

variable "memory" {
  description = "Memory of an instance in MiB, as Cloud Run pairs it with cpu: at most 4096 per vCPU; at least 512, 2048 with 4 vCPU, 4096 with 6 or 8."
  type        = number

  validation {
    # https://cloud.google.com/run/docs/configuring/services/memory-limits
    condition = (
      var.memory >= lookup({ "1" = 512, "2" = 512, "4" = 2048, "6" = 4096, "8" = 4096 }, tostring(var.cpu), 512)
      && var.memory <= 4096 * var.cpu && floor(var.memory) == var.memory
    )
    error_message = <<-EOT
      memory is ${var.memory} MiB, which Cloud Run does not allow with ${var.cpu} vCPU. It allows, in MiB: 512 to 4096 with 1 vCPU; 512 to 8192 with
      2; 2048 to 16384 with 4; 4096 to 24576 with 6; 4096 to 32768 with 8.
    EOT
  }
}

variable "instances" {
  description = <<-EOT
    How many instances run: from min to max, depending on CPU and requests. max is 1000 at most. With a min of 0 the first request waits for a start;
    with 1 some requests wait for a start if that instance's host fails.
  EOT
  type        = object({ min = number, max = number })

  validation {
    condition     = floor(var.instances.min) == var.instances.min && var.instances.min >= 0
    error_message = "instances.min must be a whole number, 0 or more (at 0 the first request waits for a start); it is ${var.instances.min}."
  }

  validation {
    condition     = floor(var.instances.max) == var.instances.max && var.instances.max >= max(1, var.instances.min) && var.instances.max <= 1000
    error_message = "instances.max must be a whole number, 1 to 1000, and not below instances.min (${var.instances.min}); it is ${var.instances.max}."
  }
}

locals {
  # Variables that the module itself sets.
  reserved = ["PORT", "MERIDIAN_ADMIN_PORT", "MERIDIAN_VERSION", "MERIDIAN_CLIENT_ADDRESS"]
  # https://cloud.google.com/run/docs/container-contract#services-env-vars
  of_google = "^(K_SERVICE|K_REVISION|K_CONFIGURATION|X_GOOGLE_.*)$"
}

variable "environment" {
  description = "Environment variables of the service beyond what this module sets. No secrets: everybody who may see a revision can read them."
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

  validation {
    condition     = !anytrue([for name in concat(keys(var.environment), keys(var.service.secrets)) : can(regex(local.of_google, name))])
    error_message = <<-EOT
      environment and service.secrets must not set
      ${join(", ", [for name in concat(keys(var.environment), keys(var.service.secrets)) : name if can(regex(local.of_google, name))])},
      which Cloud Run keeps for itself.
    EOT
  }
}
