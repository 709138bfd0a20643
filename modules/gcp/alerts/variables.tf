variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, a letter first."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) >= 3 && length(var.name) <= 16
    error_message = "name must be 3 to 16 lower-case letters, digits and single hyphens, a letter first, no hyphen last; it is \"${var.name}\"."
  }
}

variable "email" {
  description = "Who gets alerts by e-mail, from the first one on: Google asks for no confirmation. null: nobody, alerts show in the console only."
  type        = string
  nullable    = true

  validation {
    condition     = var.email == null || can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.email))
    error_message = "email must be one address such as ops@example.com, or null; it is \"${coalesce(var.email, "null")}\"."
  }
}
