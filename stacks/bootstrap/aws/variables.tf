variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) >= 3 && length(var.name) <= 16
    error_message = "name must be 3 to 16 lower-case letters, digits and single hyphens, starting with a letter, no hyphen at the end; it is \"${var.name}\"."
  }

  validation {
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    condition     = !can(regex("^(sthree|amzn-s3-demo)-", var.name))
    error_message = "name must not begin with \"sthree-\" or \"amzn-s3-demo-\", which S3 does not allow in the name of a bucket; it is \"${var.name}\"."
  }
}

variable "region" {
  description = "AWS region of the states and of the shared repository, such as eu-central-1. Use the same region as the stacks."
  type        = string

  validation {
    # China, GovCloud and the sovereign cloud are separate partitions, with different ARNs, hosts and consoles.
    condition     = can(regex("^[a-z]{2}-[a-z]+-[0-9]$", var.region)) && !startswith(var.region, "cn-")
    error_message = "region must be an AWS region such as eu-central-1, without a zone's letter, not of China or GovCloud; it is \"${var.region}\"."
  }
}

variable "account" {
  description = "Twelve digits of the account; any other is refused. null: the account of the credentials."
  type        = string
  default     = null

  validation {
    condition     = var.account == null || can(regex("^[0-9]{12}$", var.account))
    error_message = "account must be the twelve digits of an AWS account, in quotes; it is \"${coalesce(var.account, "null")}\"."
  }
}

variable "environments" {
  description = <<-EOT
    Maps each environment of the pipeline to the name of its stack, as in stacks/aws: in terraform.tfvars for production, in ENV.tfvars for any other
    environment.
  EOT
  type        = map(string)
}

variable "machines" {
  description = "Maps each environment of the pipeline to the name of its virtual machine's stack, as in stacks/vm/aws; {} where none is deployed."
  type        = map(string)
}

variable "platforms" {
  description = "Maps each environment of the pipeline to the name of its platform, as in stacks/platform/aws; {} where services share nothing."
  type        = map(string)
  default     = {}
}

variable "zones" {
  description = "Maps each environment of the pipeline to the Route 53 zone of its domain, whose records its deployer may change; {} without domains."
  type        = map(string)
  default     = {}
}

variable "keep_images" {
  description = <<-EOT
    How many of the newest images the shared repository keeps, deployed or not, 10 to 1000. Older images stay only
    if a deployment tagged them. At 45 MB each, 30 cost some 0.14 USD a month.
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
    repos/OWNER/REPOSITORY --jq '.owner.id, .id'` prints. If the AWS account already has an OIDC provider for GitHub, set provider to its ARN.
  EOT
  type = object({
    owner         = string
    owner_id      = number
    repository    = string
    repository_id = number
    branch        = optional(string, "main")
    provider      = optional(string)
  })
  default = null
}
