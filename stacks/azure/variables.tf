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

  validation {
    # The service's own host name begins with this complete name.
    condition = !contains(split(" ", join(" ", [
      "access azure bing bizspark biztalk cortana directx dotnet dynamics excel exchange forefront groove hololens hyperv kinect",
      "lync msdn o365 office office365 onedrive onenote outlook powerpoint sharepoint skype visio visualstudio xbox",
    ])), var.name)
    error_message = "name must not be a word that Azure reserves, because Azure refuses it in host names; it is \"${var.name}\"."
  }
}

variable "region" {
  description = "Azure region with availability zones, such as westeurope."
  type        = string
  default     = "westeurope"

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
  default     = "10.20.0.0/16"
}

variable "nat" {
  description = <<-EOT
    How private subnets reach the internet: "single" (a NAT gateway with a fixed address of its own) or "none" (no NAT gateway: addresses that Azure
    shares among its customers and that can change).
  EOT
  type        = string
  default     = "single"
}

variable "image" {
  description = "Image to run, by digest; null builds app/ and pushes it to the repository."
  type        = string
  default     = null

  validation {
    # The service may pull from one Azure registry: the stack's own, NAME and eight hex digits, the shared one or the platform's.
    condition = (
      var.image == null ||
      !can(regex("\\.azurecr\\.io/", var.image)) ||
      (
        var.repository_url == null && var.platform == null ? can(regex("^${replace(var.name, "-", "")}[0-9a-f]{8}\\.azurecr\\.io/", var.image)) :
        split("/", coalesce(var.image, "/"))[0] == split("/", try(coalesce(var.repository_url, try(var.platform.repository_url, null)), "/"))[0]
      )
    )
    error_message = "The service has no right to pull image from its Azure registry; set repository_url to \"${split("@", coalesce(var.image, "@"))[0]}\"."
  }
}

variable "repository_url" {
  description = "Existing repository for the images, HOST/PATH; null makes a registry for this stack."
  type        = string
  default     = null
}

variable "keep_images" {
  description = "How many of the newest images the stack's own repository keeps, 10 to 1000."
  type        = number
  default     = 30
}

variable "canary" {
  description = "A second image for a share of the requests: image, by digest; percent, 0 to 100; stable, the value of the output `revision`. null for none."
  type        = object({ image = string, percent = number, stable = string })
  default     = null
}

variable "cpu" {
  description = "CPU of an instance in vCPU: 0.25 to 4 in steps of 0.25."
  type        = number
  default     = 1
}

variable "memory" {
  description = "Memory of an instance in MiB: 2048 for each vCPU, the only pair that Container Apps takes."
  type        = number
  default     = 2048
}

variable "instances" {
  description = "How many instances run: at least min, 2 or more, and up to max as CPU, memory or requests exceed the limits in scale."
  type        = object({ min = number, max = number })
  default     = { min = 2, max = 6 }
}

variable "environment" {
  description = "Environment variables of the service, such as { MERIDIAN_HOME = \"hello\" }; no secrets."
  type        = map(string)
  default     = {}
}
