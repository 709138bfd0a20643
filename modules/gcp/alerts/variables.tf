variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, a letter first."
  type        = string
}

variable "email" {
  description = "Who gets alerts by e-mail, from the first one on: Google asks for no confirmation. null: nobody, alerts show in the console only."
  type        = string
  nullable    = true

  validation {
    condition     = var.email == null || can(regex("^[^@\\s,;:<>]+@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+$", var.email))
    error_message = "email must be one address such as ops@example.com, or null; it is \"${coalesce(var.email, "null")}\"."
  }
}
