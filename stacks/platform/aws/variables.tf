variable "name" {
  description = "Name of the platform, one for each environment: 2 to 7 lower-case letters and digits, a letter first. A service's stack is NAME-KEY."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,6}$", var.name))
    error_message = "name must be 2 to 7 lower-case letters and digits, a letter first, such as prod; it is \"${var.name}\"."
  }

  validation {
    # Names on AWS begin with this name and a hyphen:
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    condition     = !contains(["sg", "sthree"], var.name)
    error_message = "name must not be \"sg\" or \"sthree\": AWS keeps \"sg-\" for ids of security groups, and \"sthree-\" for buckets of its own."
  }
}

variable "region" {
  description = "AWS region, such as eu-central-1."
  type        = string

  validation {
    # China, GovCloud and the sovereign cloud are separate partitions, with different ARNs, hosts and consoles.
    condition     = can(regex("^[a-z]{2}-[a-z]+-[0-9]$", var.region)) && !startswith(var.region, "cn-")
    error_message = "region must be an AWS region such as eu-central-1, without a zone's letter, not of China or GovCloud; it is \"${var.region}\"."
  }
}

variable "account" {
  description = "Twelve digits of the account to deploy to; any other is refused. null: the account of the credentials."
  type        = string
  default     = null

  validation {
    condition     = var.account == null || can(regex("^[0-9]{12}$", var.account))
    error_message = "account must be the twelve digits of an AWS account, in quotes; it is \"${coalesce(var.account, "null")}\"."
  }
}

variable "boundary" {
  description = <<-EOT
    Whether the roles have the permissions boundary NAME-boundary. Set it to true if you deploy with the policies of the pipelines' deployer. An
    administrator can leave it at false.
  EOT
  type        = bool
  default     = false
}

variable "cidr" {
  description = "IPv4 range of the network, private, /16 to /22."
  type        = string
}

variable "zones" {
  description = "Number of availability zones, 2 to 4."
  type        = number
}

variable "nat" {
  description = <<-EOT
    How private subnets reach the internet: "single", "zonal" (a NAT gateway in each zone) or "none" (ECR, logs and S3 only, through
    endpoints).
  EOT
  type        = string
}

variable "repository_url" {
  description = "Existing repository for the images of all services, HOST/PATH; null makes one for this platform."
  type        = string
  default     = null

  validation {
    condition = (
      var.repository_url == null || var.nat != "none"
      || can(regex("^[0-9]{12}\\.dkr\\.ecr\\.${var.region}\\.amazonaws\\.com", var.repository_url))
    )
    error_message = <<-EOT
      repository_url must be in ECR in ${var.region} when nat is "none", since nothing else can be reached; it is
      "${coalesce(var.repository_url, "null")}".
    EOT
  }
}

variable "keep_images" {
  description = "How many of the newest images the platform's own repository keeps, 10 to 1000 for all services together."
  type        = number
}

variable "domain" {
  description = <<-EOT
    Domain of the services; each is at KEY.NAME. Set name, and either zone (Route 53 hosted zone id) or certificate (ARN in ACM, for *.NAME). Destroy
    all services before you change the domain.
  EOT
  type        = object({ name = string, zone = optional(string), certificate = optional(string) })
  nullable    = false
}

variable "waf" {
  description = "Whether AWS WAF filters requests, from 9 USD a month."
  type        = bool
}

variable "email" {
  description = "E-mail address that gets the alarms. AWS first sends it a confirmation link, which must be opened. null: nobody."
  type        = string
  default     = null
}
