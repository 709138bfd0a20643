variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string
}

variable "place" {
  description = "Resource group and region of every resource; Azure's provider has no defaults for either."
  type        = object({ resource_group = string, location = string })
}

variable "image" {
  description = "Image by digest; its program is started with `probe`, options and the URL as arguments."
  type        = string
}

variable "url" {
  description = "Address to check, as the world sees it, from the module edge."
  type        = string
}

variable "every_minutes" {
  description = "Minutes between two checks, a divisor of 60; at 5, a job of 0.25 vCPU costs some 0.7 USD a month and its alert 1.50."
  type        = number

  validation {
    # With any other number, the gap at the full hour would be shorter or longer.
    condition     = contains([1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60], var.every_minutes)
    error_message = "every_minutes must divide 60: 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60; it is ${var.every_minutes}."
  }
}

variable "platform" {
  description = "The Container Apps environment and the workspace with its logs, from the module service."
  type        = object({ environment_id = string, workspace_id = string })
}

variable "identity_id" {
  description = "Id of the identity that the probe pulls its image with; the probe needs no other right."
  type        = string
}

variable "channel" {
  description = "Id of the action group for the alarm, from the module alerts."
  type        = string
}
