variable "name" {
  description = "Prefix of every resource's name, one for each environment: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) >= 3 && length(var.name) <= 16
    error_message = "name must be 3 to 16 lower-case letters, digits and single hyphens, starting with a letter, no hyphen at the end; it is \"${var.name}\"."
  }

  validation {
    # AWS reserves these for internal load balancers, ids of security groups, and its own buckets:
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    condition     = !can(regex("^(internal|sg|sthree|amzn-s3-demo)-", var.name))
    error_message = <<-EOT
      name must not begin with "internal-", "sg-", "sthree-" or "amzn-s3-demo-", which AWS does not allow in the name of a public load
      balancer, a security group or a bucket; it is "${var.name}".
    EOT
  }
}

variable "region" {
  description = "AWS region, such as eu-central-1."
  type        = string
  default     = "us-east-1"

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
    Whether the roles have a permissions boundary: NAME-boundary, or PLATFORM-boundary for a service on a platform. Set it to true if you deploy with
    the policies of the pipelines' deployer. An administrator can leave it at false.
  EOT
  type        = bool
  default     = false
}

variable "cidr" {
  description = "IPv4 range of the network, private, /16 to /22."
  type        = string
  default     = "10.20.0.0/16"
}

variable "zones" {
  description = "Number of availability zones, 2 to 4."
  type        = number
  default     = 2
}

variable "nat" {
  description = <<-EOT
    How private subnets reach the internet: "single", "zonal" (a NAT gateway in each zone) or "none" (ECR, logs and S3 only, through
    endpoints).
  EOT
  type        = string
  default     = "single"
}

variable "image" {
  description = "Image to run, by digest; null builds app/ and pushes it to the repository."
  type        = string
  default     = null

  validation {
    condition = (
      var.image == null || try(var.platform.nat, var.nat) != "none"
      || can(regex("^[0-9]{12}\\.dkr\\.ecr\\.${var.region}\\.amazonaws\\.com", var.image))
    )
    error_message = "image must be in ECR in ${var.region} when nat is \"none\", since nothing else can be reached; it is \"${coalesce(var.image, "null")}\"."
  }

  validation {
    # Tasks may pull from one ECR repository: the stack's own, which has its name, the shared one, or the platform's.
    condition = (
      var.image == null || !can(regex("\\.dkr\\.ecr\\.", var.image))
      || split("@", coalesce(var.image, "@"))[0] == try(coalesce(var.repository_url, try(var.platform.repository_url, null)), null)
      || (var.repository_url == null && var.platform == null
      && can(regex("^${coalesce(var.account, "[0-9]{12}")}\\.dkr\\.ecr\\.${var.region}\\.amazonaws\\.com/${var.name}@", var.image)))
    )
    error_message = "The tasks have no right to pull image from its ECR repository; set repository_url to \"${split("@", coalesce(var.image, "@"))[0]}\"."
  }
}

variable "repository_url" {
  description = "Existing repository for the images, HOST/PATH; null makes one for this stack."
  type        = string
  default     = null

  validation {
    condition = (
      var.repository_url == null || try(var.platform.nat, var.nat) != "none"
      || can(regex("^[0-9]{12}\\.dkr\\.ecr\\.${var.region}\\.amazonaws\\.com", var.repository_url))
    )
    error_message = <<-EOT
      repository_url must be in ECR in ${var.region} when nat is "none", since nothing else can be reached; it is
      "${coalesce(var.repository_url, "null")}".
    EOT
  }
}

variable "keep_images" {
  description = "How many of the newest images the stack's own repository keeps, 10 to 1000."
  type        = number
  default     = 30
}

variable "cpu" {
  description = "CPU of an instance in vCPU: 0.25, 0.5, 1, 2, 4, 8 or 16."
  type        = number
  default     = 1
}

variable "memory" {
  description = "Memory of an instance in MiB, as Fargate pairs it with cpu: 2048 to 8192 with 1 vCPU."
  type        = number
  default     = 2048
}

variable "instances" {
  description = "How many instances run: at least min, 2 or more, and up to max while CPU or memory exceed the limits in scale."
  type        = object({ min = number, max = number })
  default     = { min = 2, max = 6 }

  validation {
    # Each instance needs one, and a new image's instances run beside the old ones; AWS reserves five per subnet:
    # https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
    condition     = try(var.platform != null || 2 * var.instances.max <= var.zones * (pow(2, 28 - tonumber(split("/", var.cidr)[1])) - 5), true)
    error_message = <<-EOT
      instances.max is ${var.instances.max}, so a deployment may need ${2 * var.instances.max} addresses; ${var.zones}
      private subnets of cidr ${var.cidr} have
      ${try(var.zones * (pow(2, 28 - tonumber(split("/", var.cidr)[1])) - 5), 0)}.
    EOT
  }
}
