variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string
}

variable "place" {
  description = "Resource group and region of every resource; Azure's provider has no defaults for either."
  type        = object({ resource_group = string, location = string })
}

variable "cidr" {
  description = <<-EOT
    IPv4 range of the network, /16 to /22: sixteen equal blocks, the first for the public subnet, the ninth for the private one, the others free for
    subnets of your own. Must not overlap networks it will be connected to.
  EOT
  type        = string

  validation {
    condition     = can(cidrsubnet(var.cidr, 0, 0)) && try(cidrsubnet(var.cidr, 0, 0) == var.cidr, false)
    error_message = "cidr must be an IPv4 range that starts with its network address, such as 10.20.0.0/16; it is \"${var.cidr}\"."
  }

  validation {
    # A public range would make its real owner unreachable. RFC 1918, and RFC 6598 for 100.64.0.0/10.
    condition     = can(regex("^(10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|192\\.168\\.|100\\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\\.)", var.cidr))
    error_message = "cidr must be private: inside 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10; it is \"${var.cidr}\"."
  }

  validation {
    # https://learn.microsoft.com/azure/container-apps/custom-virtual-networks#subnet-address-range-restrictions
    condition     = !can(regex("^(172\\.3[01]\\.|100\\.100\\.)", var.cidr))
    error_message = "cidr must not be in 172.30.0.0/15 or 100.100.0.0/16, which Container Apps uses itself; it is \"${var.cidr}\"."
  }

  validation {
    # /22 gives /26 subnets. Container Apps needs a /27 and reserves 12 addresses, Azure 5. An address serves some ten
    # instances, and a subnet cannot grow once it has an environment.
    condition     = try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 22, false)
    error_message = "cidr must be /16 to /22, so that each of its sixteen blocks is large enough for a gateway or for instances; it is \"${var.cidr}\"."
  }
}

variable "nat" {
  description = <<-EOT
    How private subnets reach the internet. "single": one NAT gateway with an address of its own, some 37 USD a month. "none": outgoing addresses that
    Container Apps shares among its customers and that can change.
  EOT
  type        = string

  validation {
    # On Azure a subnet has one NAT gateway, and the zone-redundant kind cannot be attached to a subnet of Container
    # Apps: https://learn.microsoft.com/azure/nat-gateway/nat-overview#key-limitations-of-standardv2-nat-gateway
    condition     = contains(["single", "none"], var.nat)
    error_message = <<-EOT
      nat must be "single" or "none"; it is "${var.nat}". "zonal" works on AWS only: Container Apps cannot have a NAT
      gateway in each zone.
    EOT
  }
}
