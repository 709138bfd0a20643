variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, a letter first."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) >= 3 && length(var.name) <= 16
    error_message = "name must be 3 to 16 lower-case letters, digits and single hyphens, a letter first, no hyphen last; it is \"${var.name}\"."
  }
}

variable "image" {
  description = "Image of the service, by digest; its program checks too: probe URL."
  type        = string

  validation {
    condition     = can(regex("^[^@[:space:]]+@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image must be given by digest, REPOSITORY@sha256:<64 hex digits>; it is \"${var.image}\"."
  }
}

variable "url" {
  description = "Address to check, as the world sees it, from the module edge."
  type        = string

  validation {
    condition     = can(regex("^https?://[^/[:space:]]+$", var.url))
    error_message = "url must be http://HOST or https://HOST, without a path; it is \"${var.url}\"."
  }
}

variable "every_minutes" {
  description = "Minutes between two checks, a divisor of 60; each is billed for a minute of 1 vCPU, at 5 some 10 USD a month, of which the free tier takes half."
  type        = number

  validation {
    # Any other number would leave a shorter or longer gap at the full hour.
    condition     = contains([1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60], var.every_minutes)
    error_message = "every_minutes must divide 60: 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60; it is ${var.every_minutes}."
  }
}

variable "platform" {
  description = "Where jobs run, projects/PROJECT/locations/REGION, from the module service."
  type        = string

  validation {
    condition     = can(regex("^projects/[^/]+/locations/[^/]+$", var.platform))
    error_message = "platform must be projects/PROJECT/locations/REGION, the service's output; it is \"${var.platform}\"."
  }
}

variable "identity_id" {
  description = "E-mail address of the service account that the probe runs as, from the module identity."
  type        = string
}

variable "network_id" {
  description = "Id of the VPC network, from the module network: the rule that lets the probe out belongs to it."
  type        = string
}

variable "private_subnet_ids" {
  description = "Private subnets with a way to the internet, from the module network; the second takes the probe."
  type        = list(string)

  validation {
    condition     = length(var.private_subnet_ids) >= 1
    error_message = "private_subnet_ids must have at least one subnet; it has none."
  }
}

variable "channel" {
  description = "Id of the notification channel for the alert, from the module alerts; null for none."
  type        = string
  nullable    = true
}
