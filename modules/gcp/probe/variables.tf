variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string
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
  description = <<-EOT
    Minutes between two checks, a divisor of 60. Each check is billed as one minute of 1 vCPU. At 5, that is some 10 USD a month, of which the free
    tier covers half.
  EOT
  type        = number

  validation {
    # With any other number, the gap at the full hour would be shorter or longer.
    condition     = contains([1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60], var.every_minutes)
    error_message = "every_minutes must divide 60: 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60; it is ${var.every_minutes}."
  }
}

variable "platform" {
  description = "Where jobs run, projects/PROJECT/locations/REGION, from the module service."
  type        = string
}

variable "identity_id" {
  description = "E-mail address of the service account that the probe runs as, from the module identity."
  type        = string
}

variable "network_id" {
  description = "Id of the VPC network, from the module network. The firewall rule for the probe's outgoing traffic is created in it."
  type        = string
}

variable "private_subnet_ids" {
  description = "Private subnets with a way to the internet, from the module network; the probe runs in the second."
  type        = list(string)
}

variable "channel" {
  description = "Id of the notification channel for the alert, from the module alerts; null for none."
  type        = string
  nullable    = true
}

variable "tag" {
  description = "Network tag of the platform's firewall rule that allows the probes' outgoing traffic; null: the module makes its own rule."
  type        = string
  nullable    = true
}
