variable "name" {
  description = <<-EOT
    Prefix of every resource's name, one for each environment: 2 to 7 lower-case letters and digits, a letter first. The shared resources are named
    NAME-platform, and the stack of a service is named NAME-KEY.
  EOT
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,6}$", var.name))
    error_message = "name must be 2 to 7 lower-case letters and digits, a letter first; it is \"${var.name}\"."
  }

  validation {
    # Reserved words that fit into a name's 7 characters:
    # https://learn.microsoft.com/azure/azure-resource-manager/templates/error-reserved-resource-name
    condition     = var.name != "windows" && !startswith(var.name, "login")
    error_message = "name must not be \"windows\" nor begin with \"login\", which Azure refuses as reserved words; it is \"${var.name}\"."
  }
}

variable "region" {
  description = "Azure region with availability zones, such as westeurope."
  type        = string

  validation {
    # Public address, gateway, environment and store span three zones:
    # https://learn.microsoft.com/azure/reliability/regions-list
    condition = contains(split(" ", join(" ", [
      "australiaeast austriaeast belgiumcentral brazilsouth canadacentral centralindia centralus chilecentral",
      "denmarkeast eastasia eastus eastus2 francecentral germanywestcentral indonesiacentral israelcentral italynorth",
      "japaneast japanwest koreacentral malaysiawest mexicocentral newzealandnorth northeurope norwayeast",
      "polandcentral qatarcentral southafricanorth southcentralus southeastasia spaincentral swedencentral",
      "switzerlandnorth uaenorth uksouth westeurope westus2 westus3",
    ])), var.region)
    error_message = <<-EOT
      region must be a region of Azure with availability zones, as az account list-locations writes it, such as
      westeurope, northeurope, eastus2 or westus3; it is "${var.region}".
    EOT
  }
}

variable "account" {
  description = "Id of the subscription to deploy to. null: ARM_SUBSCRIPTION_ID, or the one that az account show names."
  type        = string
  default     = null

  validation {
    condition     = var.account == null || can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.account))
    error_message = "account must be the id of a subscription, such as 00000000-1111-2222-3333-444444444444; it is \"${coalesce(var.account, "null")}\"."
  }
}

variable "cidr" {
  description = "IPv4 range of the network, private, /16 to /22."
  type        = string
}

variable "nat" {
  description = <<-EOT
    How private subnets reach the internet: "single" (a NAT gateway with a fixed address of its own) or "none" (no NAT gateway: addresses that Azure
    shares among its customers and that can change).
  EOT
  type        = string
}

variable "domain" {
  description = <<-EOT
    Domain of the services; each is at KEY.NAME. certificate: id of the Key Vault secret with a certificate for *.NAME. zone: id of the DNS zone in
    which the record *.NAME is created; without zone, create that record yourself.
  EOT
  type        = object({ name = string, zone = optional(string), certificate = optional(string) })
  nullable    = false
}

variable "waf" {
  description = "Whether Azure WAF filters requests, for 144 USD a month more."
  type        = bool
}

variable "email" {
  description = "Who gets alarms by e-mail; null for nobody."
  type        = string
  default     = null
}

variable "repository_url" {
  description = "Existing repository for the images, HOST/PATH; null makes a registry for the platform."
  type        = string
  default     = null
}

variable "keep_images" {
  description = "How many of the newest images the platform's own repository keeps, 10 to 1000."
  type        = number
}
