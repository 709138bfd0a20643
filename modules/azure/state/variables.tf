variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, a letter first."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) >= 3 && length(var.name) <= 16
    error_message = "name must be 3 to 16 lower-case letters, digits and single hyphens, a letter first, no hyphen last; it is \"${var.name}\"."
  }
}

variable "place" {
  description = "Resource group and region of every resource; Azure's provider has no defaults for either."
  type        = object({ resource_group = string, location = string })
}
