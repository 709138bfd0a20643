variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
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

variable "environments" {
  description = <<-EOT
    Maps each environment of the pipeline to the name of its stack, as in stacks/azure: in terraform.tfvars for production, in ENV.tfvars for any
    other environment.
  EOT
  type        = map(string)
}

variable "platforms" {
  description = "Maps each environment of the pipeline to the name of its platform, as in stacks/platform/azure, for those that have one."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "keep_images" {
  description = <<-EOT
    How many of the newest images the shared repository keeps besides those that a deployment tagged, 10 to 1000; at
    45 MB each, 200 fit the 10 GB that its price includes.
  EOT
  type        = number

  validation {
    # Fewer would delete images that somebody deployed by hand.
    condition     = var.keep_images >= 10 && var.keep_images <= 1000 && floor(var.keep_images) == var.keep_images
    error_message = "keep_images must be a whole number from 10 to 1000; it is ${var.keep_images}."
  }
}

variable "github" {
  description = <<-EOT
    Repository on GitHub whose workflows deploy; null: none. It has owner, repository and branch, and the numeric ids that `gh api
    repos/OWNER/REPOSITORY --jq '.owner.id, .id'` prints. old_subject: whether the repository's tokens still have the subject format from before 15
    July 2026, without ids. protected: whether the subject ends with ref_protected; then only protected branches can deploy. For protected, set the
    subject on GitHub with `gh api --method PUT repos/OWNER/REPOSITORY/actions/oidc/customization/sub -F use_default=false -f
    'include_claim_keys[]=repo' -f 'include_claim_keys[]=context' -f 'include_claim_keys[]=ref_protected'`.
  EOT
  type = object({
    owner         = string
    owner_id      = number
    repository    = string
    repository_id = number
    branch        = optional(string, "main")
    old_subject   = optional(bool, false)
    protected     = optional(bool, false)
  })
  default = null
}
