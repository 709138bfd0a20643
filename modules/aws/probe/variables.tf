variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string
}

variable "boundary" {
  description = "ARN of the permissions boundary of the roles that are made here; null: none."
  type        = string
}

variable "image" {
  description = "Image by digest. The image's entrypoint gets `probe`, options and the URL as arguments. A run is stopped after one minute."
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
  description = <<-EOT
    Minutes between two checks, a divisor of 60. At 5, the probe's task of 0.25 vCPU costs some 1.80 USD a month; AWS bills at least a minute for each
    start.
  EOT
  type        = number

  validation {
    # With any other number, the gap at the full hour would be shorter or longer.
    condition     = contains([1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60], var.every_minutes)
    error_message = "every_minutes must divide 60: 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60; it is ${var.every_minutes}."
  }
}

variable "platform" {
  description = "ARN of the ECS cluster, from the module service."
  type        = string
}

variable "identity_id" {
  description = "ARNs of the roles, from the module identity; the probe needs none of the service's own rights, so only execution is used."
  type        = object({ task = string, execution = string })
}

variable "network_id" {
  description = "Id of the VPC, from the module network: a task needs a security group, which belongs to a VPC."
  type        = string
}

variable "private_subnet_ids" {
  description = "Private subnets with a way to the internet, from the module network."
  type        = list(string)
}

variable "channel" {
  description = "ARN of the topic for the alarm, from the module alerts."
  type        = string
}
