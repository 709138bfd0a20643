variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string
}

variable "email" {
  description = <<-EOT
    E-mail address that gets the alarms. AWS sends it a confirmation link; no alarm is delivered until somebody opens the link. null: nobody, alarms
    show in the console only.
  EOT
  type        = string
  nullable    = true

  validation {
    condition     = var.email == null || can(regex("^[^@\\s,;:<>]+@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+$", var.email))
    error_message = "email must be one address such as ops@example.com, or null; it is \"${coalesce(var.email, "null")}\"."
  }
}
