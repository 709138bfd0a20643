variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string
}

variable "boundary" {
  description = "ARN of the permissions boundary of the roles that are made here; null: none."
  type        = string
}

variable "cidr" {
  description = <<-EOT
    IPv4 range of the network, /16 to /22: sixteen equal blocks, the first eight for public subnets, the rest for private ones.
    Must not overlap networks it will be connected to.
  EOT
  type        = string

  validation {
    condition     = can(cidrsubnet(var.cidr, 0, 0)) && try(cidrsubnet(var.cidr, 0, 0) == var.cidr, false)
    error_message = "cidr must be an IPv4 range that starts with its network address, such as 10.20.0.0/16; it is \"${var.cidr}\"."
  }

  validation {
    # A public range would make its real owner unreachable. RFC 1918, and RFC 6598 for 100.64.0.0/10:
    # https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
    condition     = can(regex("^(10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|192\\.168\\.|100\\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\\.)", var.cidr))
    error_message = "cidr must be private: inside 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10; it is \"${var.cidr}\"."
  }

  validation {
    # /22 gives /26 subnets with 59 addresses. A load balancer needs a /27 with 8 free addresses, and each task needs
    # one: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
    condition     = try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 22, false)
    error_message = "cidr must be /16 to /22, so that each of its sixteen blocks is large enough for a load balancer or for tasks; it is \"${var.cidr}\"."
  }
}

variable "zones" {
  description = "Number of availability zones, 2 to 4; each has a public and a private subnet."
  type        = number

  validation {
    # An Application Load Balancer also needs at least two.
    condition     = contains([2, 3, 4], var.zones)
    error_message = "zones must be 2, 3 or 4; it is ${var.zones}."
  }
}

variable "nat" {
  description = <<-EOT
    How private subnets reach the internet. "single": one NAT gateway with a public address, some 37 USD a month. "zonal": one NAT gateway in each
    zone, some 37 USD a month each; this survives the loss of a zone. "none": only ECR, CloudWatch Logs and S3, through endpoints.
  EOT
  type        = string

  validation {
    condition     = contains(["single", "zonal", "none"], var.nat)
    error_message = "nat must be \"single\", \"zonal\" or \"none\"; it is \"${var.nat}\"."
  }
}
