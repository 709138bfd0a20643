variable "name" {
  description = "Prefix of every resource's name, one for each environment: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) >= 3 && length(var.name) <= 16
    error_message = "name must be 3 to 16 lower-case letters, digits and single hyphens, starting with a letter, no hyphen at the end; it is \"${var.name}\"."
  }

  validation {
    # AWS reserves these for internal load balancers and ids of security groups:
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
    condition     = !can(regex("^(internal|sg)-", var.name))
    error_message = <<-EOT
      name must not begin with "internal-" or "sg-", which AWS does not allow in the name of a public load balancer or a security group;
      it is "${var.name}".
    EOT
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
  description = "EC2 instance type, x86-64, such as t3.small."
  type        = string

  validation {
    # The image is built for amd64: no Graviton, whose families have a g after their number.
    condition     = can(regex("^[a-z]+[0-9][a-z-]*\\.[a-z0-9-]+$", var.machine_type)) && !can(regex("^([a-z]+[0-9][a-z]*g[a-z]*|a1)\\.", var.machine_type))
    error_message = "machine_type must be an EC2 instance type with an x86-64 processor, such as t3.small; it is \"${var.machine_type}\"."
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
