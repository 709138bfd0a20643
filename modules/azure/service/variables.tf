variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string
}

variable "place" {
  description = "Resource group and region of every resource; Azure's provider has no defaults for either."
  type        = object({ resource_group = string, location = string })
}

variable "image" {
  description = "Image to run, by digest: REPOSITORY@sha256:…, built for linux/amd64."
  type        = string
}

variable "canary" {
  description = <<-EOT
    A second image that gets a part of the requests; null: none. image: by digest; percent: share of the requests, 0 to
    100; stable: the output `revision` from before the canary began. It takes several applies to end a canary, see canary.tf.
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
    condition     = var.canary == null || can(regex("^${var.name}--[a-z0-9]([a-z0-9-]*[a-z0-9])?$", var.canary.stable))
    error_message = "canary.stable must be the value of the output `revision`, ${var.name}--SUFFIX; it is \"${try(var.canary.stable, "null")}\"."
  }

  validation {
    # The stable revision runs `image`: if both were the same, there would be nothing to compare. At the end of a
    # withdrawal, that is intended.
    condition     = var.canary == null || try(var.canary.image != var.image || contains([0, 100], var.canary.percent), false)
    error_message = "canary.image, the image to try, must differ from `image`, the one that runs now."
  }
}

variable "cpu" {
  description = "CPU of an instance in vCPU: 0.25 to 4 in steps of 0.25."
  type        = number

  validation {
    # https://learn.microsoft.com/azure/container-apps/containers#allocations
    condition     = var.cpu >= 0.25 && var.cpu <= 4 && floor(var.cpu * 4) == var.cpu * 4
    error_message = "cpu must be 0.25 to 4 vCPU in steps of 0.25; it is ${var.cpu}."
  }
}

variable "memory" {
  description = "Memory of an instance in MiB: 2048 for each vCPU, the only pair that Container Apps takes."
  type        = number

  validation {
    condition     = var.memory == var.cpu * 2048
    error_message = "memory is ${var.memory} MiB, which Container Apps does not pair with cpu ${var.cpu}. It takes 2048 for each vCPU: ${var.cpu * 2048}."
  }
}

variable "instances" {
  description = "How many instances run: at least min, 2 or more, and up to max, 300 at most, as CPU, memory or requests exceed the limits in scale."
  type        = object({ min = number, max = number })

  validation {
    condition     = floor(var.instances.min) == var.instances.min && var.instances.min >= 2
    error_message = <<-EOT
      instances.min must be a whole number, at least 2; it is ${var.instances.min}. With one instance the service is down while that instance's host
      or zone fails. 0 would save nothing: the gateway's health checks always keep an instance running.
    EOT
  }

  validation {
    condition     = floor(var.instances.max) == var.instances.max && var.instances.max >= var.instances.min && var.instances.max <= 300
    error_message = <<-EOT
      instances.max must be a whole number from instances.min (${var.instances.min}) to 300, the most that azurerm takes; it is
      ${var.instances.max}.
    EOT
  }
}

locals {
  # Variables that the module itself sets.
  reserved = ["PORT", "MERIDIAN_ADMIN_PORT", "MERIDIAN_VERSION", "MERIDIAN_CLIENT_ADDRESS"]
}

variable "environment" {
  description = "Environment variables of the service beyond what this module sets. No secrets: everybody who may see the service can read them."
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
      values that the gateway and the image expect.
    EOT
  }

  validation {
    condition     = length(setintersection(keys(var.environment), keys(var.service.secrets))) == 0
    error_message = "environment and service.secrets must not both set ${join(", ", setintersection(keys(var.environment), keys(var.service.secrets)))}."
  }
}

variable "identity_id" {
  description = "Id of the identity that the service runs as, from the module identity. It also pulls the image if puller is null."
  type        = string
}

variable "puller" {
  description = "Id of the identity that pulls images: the platform's, which has the right to pull already. null: identity_id pulls."
  type        = string
}

variable "compute" {
  description = "Container Apps environment, workspace with its logs and domain of its apps, from the module environment or from a platform."
  type        = object({ environment_id = string, workspace_id = string, domain = string })
}
