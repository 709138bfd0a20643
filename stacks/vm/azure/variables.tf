variable "name" {
  description = "Prefix of every resource's name, one for each environment: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) >= 3 && length(var.name) <= 16
    error_message = "name must be 3 to 16 lower-case letters, digits and single hyphens, starting with a letter, no hyphen at the end; it is \"${var.name}\"."
  }

  validation {
    # Names in public addresses must not contain these words, and those of registries and stores have no hyphens:
    # https://learn.microsoft.com/azure/azure-resource-manager/templates/error-reserved-resource-name
    condition     = !can(regex("microsoft|windows|^login", replace(var.name, "-", "")))
    error_message = <<-EOT
      name, with its hyphens removed, must not contain "microsoft" or "windows", nor begin with "login": Azure reserves these words; it is
      "${var.name}".
    EOT
  }
}

variable "region" {
  description = "Azure region with availability zones, such as westeurope."
  type        = string

  validation {
    # Public address and machines span three zones:
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

variable "greeting" {
  description = "Text that the page shows, 1 to 200 characters on one line."
  type        = string

  validation {
    condition     = can(regex("^[^\\p{Cc}\\p{Zl}\\p{Zp}]{1,200}$", var.greeting)) && trimspace(var.greeting) != ""
    error_message = "greeting must be one line of 1 to 200 characters, not only spaces; it has ${length(var.greeting)}."
  }
}

variable "cidr" {
  description = "IPv4 range of the network, private, /16 to /24. All TCP and UDP from it is let in."
  type        = string

  validation {
    condition     = try(cidrsubnet(var.cidr, 0, 0) == var.cidr, false)
    error_message = "cidr must be an IPv4 range that starts with its network address, such as 10.30.0.0/16; it is \"${var.cidr}\"."
  }

  validation {
    # A public range would make its real owner unreachable: RFC 1918, and RFC 6598 for 100.64.0.0/10.
    condition     = can(regex("^(10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|192\\.168\\.|100\\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\\.)", var.cidr))
    error_message = "cidr must be private: inside 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10; it is \"${var.cidr}\"."
  }

  validation {
    condition     = try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 24, false)
    error_message = "cidr must be /16 to /24, so that its subnets have room for the machines and their replacements; it is \"${var.cidr}\"."
  }
}

variable "machine_type" {
  description = "Azure virtual machine size that is x86-64 and supports generation 2 images, such as Standard_B2als_v2."
  type        = string

  validation {
    # The image is built for amd64: no Arm, whose sizes have a p among the letters after their number.
    condition = (
      can(regex("^Standard_[A-Z]+[0-9]+[a-z-]*[0-9]*[a-z]*(_[A-Za-z0-9]+)*$", var.machine_type)) &&
      !can(regex("^Standard_[A-Z]+[0-9]+[a-z]*p[a-z]*(_|$)", var.machine_type))
    )
    error_message = "machine_type must be an Azure virtual machine size with an x86-64 processor, such as Standard_B2als_v2; it is \"${var.machine_type}\"."
  }

  validation {
    # https://learn.microsoft.com/azure/virtual-machines/generation-2
    condition     = !can(regex("^Standard_(A[0-9]+m?|[DEFGH][0-9]+)(_v[23])?$", var.machine_type))
    error_message = <<-EOT
      machine_type must be a size that boots images of generation 2. Series A does not; series D to H do if the size has
      an s, such as Standard_D2s_v3, or is of version 4 or newer. It is "${var.machine_type}".
    EOT
  }
}

variable "machines" {
  description = "How many machines serve, 1 to 10; one that fails is replaced."
  type        = number

  validation {
    condition     = var.machines >= 1 && var.machines <= 10 && floor(var.machines) == var.machines
    error_message = "machines must be a whole number from 1 to 10; it is ${var.machines}."
  }
}

variable "memory" {
  description = "Memory of the service on its machine in MiB, 512 or more. Leave at least 512 MiB of the machine's memory for the system."
  type        = number

  validation {
    condition     = var.memory >= 512 && floor(var.memory) == var.memory
    error_message = "memory must be a whole number of MiB, 512 or more; it is ${var.memory}."
  }
}
