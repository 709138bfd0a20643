variable "identity_id" {
  description = "E-mail address of the service account, from the module identity."
  type        = string
}

variable "network_id" {
  description = "Id of the VPC network, from the module network."
  type        = string
}

variable "private_subnet_ids" {
  description = "Private subnets, from the module network; the first takes the service."
  type        = list(string)
}

variable "tag" {
  description = "Network tag of a platform, by which its services get out on 443; null: the module makes the rule for that."
  type        = string
  nullable    = true
}

variable "invoker" {
  description = <<-EOT
    How everybody may call the service: "disabled" (Cloud Run does not ask who calls) or "all_users" (it asks, and all
    are allowed), for organisations whose policy run.managed.requireInvokerIam forbids the first.
  EOT
  type        = string

  validation {
    condition     = contains(["disabled", "all_users"], var.invoker)
    error_message = "invoker must be \"disabled\" or \"all_users\"; it is \"${var.invoker}\"."
  }
}
