variable "identity_id" {
  description = "E-mail address of the service account, from the module identity."
  type        = string
}

variable "network_id" {
  description = "Id of the VPC network, from the module network."
  type        = string
}

variable "private_subnet_ids" {
  description = "Private subnets, from the module network; the service runs in the first."
  type        = list(string)
}

variable "tag" {
  description = "Network tag of the platform's firewall rule that allows the services' outgoing traffic on 443; null: the module makes its own rule."
  type        = string
  nullable    = true
}

variable "invoker" {
  description = <<-EOT
    How Cloud Run admits all callers. "disabled": it does not check callers. "all_users": it checks callers, and its IAM
    policy admits allUsers; for organisations whose policy run.managed.requireInvokerIam forbids "disabled".
  EOT
  type        = string

  validation {
    condition     = contains(["disabled", "all_users"], var.invoker)
    error_message = "invoker must be \"disabled\" or \"all_users\"; it is \"${var.invoker}\"."
  }
}
