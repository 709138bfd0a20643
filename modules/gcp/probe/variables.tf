variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, a letter first."
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
    Minutes between two checks, a divisor of 60; each is billed for a minute of 1 vCPU, at 5 some 10 USD a month, of
    which the free tier takes half.
  EOT
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
  description = "Private subnets with a way to the internet, from the module network; the probe runs in the second."
  type        = list(string)
}

variable "channel" {
  description = "Id of the notification channel for the alert, from the module alerts; null for none."
  type        = string
  nullable    = true
}

variable "tag" {
  description = "Network tag to which a platform's firewall rule applies, which lets probes out; null: the module makes a rule."
  type        = string
  nullable    = true
}
