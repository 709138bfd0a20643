variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string
}

variable "place" {
  description = "Resource group and region of every resource; Azure's provider has no defaults for either."
  type        = object({ resource_group = string, location = string })
}

variable "email" {
  description = <<-EOT
    E-mail address that gets the alarms. Azure sends it a notice; nothing needs to be confirmed. null: alarms show in
    the portal only.
  EOT
  type        = string
  nullable    = true

  validation {
    condition     = var.email == null || can(regex("^[^@\\s,;:<>]+@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+$", var.email))
    error_message = "email must be one address such as ops@example.com, or null; it is \"${coalesce(var.email, "null")}\"."
  }
}
