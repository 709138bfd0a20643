variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string
}

variable "place" {
  description = "Id of the project, and region, such as us-central1, of all resources here."
  type        = object({ project = string, region = string })
}

variable "cidr" {
  description = <<-EOT
    IPv4 range of the network, /16 to /22: divided into sixteen equal blocks, as on the other clouds; two hold private
    subnets. Must not overlap networks it will be connected to.
  EOT
  type        = string

  validation {
    condition     = can(cidrsubnet(var.cidr, 0, 0)) && try(cidrsubnet(var.cidr, 0, 0) == var.cidr, false)
    error_message = "cidr must be an IPv4 range that starts with its network address, such as 10.20.0.0/16; it is \"${var.cidr}\"."
  }

  validation {
    # A public range would make its real owner unreachable. RFC 1918, and RFC 6598 for 100.64.0.0/10:
    # https://cloud.google.com/vpc/docs/subnets#valid-ranges
    condition     = can(regex("^(10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|192\\.168\\.|100\\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\\.)", var.cidr))
    error_message = "cidr must be private: inside 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10; it is \"${var.cidr}\"."
  }

  validation {
    # /22 gives /26 subnets, the smallest that Cloud Run accepts:
    # https://cloud.google.com/run/docs/configuring/vpc-direct-vpc
    condition     = try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 22, false)
    error_message = "cidr must be /16 to /22, so that each of its sixteen blocks has the 64 addresses that Cloud Run asks of a subnet; it is \"${var.cidr}\"."
  }
}

variable "nat" {
  description = <<-EOT
    How private subnets reach the internet: "single" (one Cloud NAT, which spans the region's zones; from some 5 USD a
    month) or "none" (Google's own services only).
  EOT
  type        = string

  validation {
    # "zonal" has no meaning here: Cloud NAT is software on each host, without a gateway that a zone could take down:
    # https://cloud.google.com/nat/docs/overview
    condition     = contains(["single", "none"], var.nat)
    error_message = "nat must be \"single\" or \"none\", since Cloud NAT belongs to a region and not to a zone; it is \"${var.nat}\"."
  }
}
