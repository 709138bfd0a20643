variable "name" {
  description = "Prefix of every resource's name, one for each environment: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) >= 3 && length(var.name) <= 16
    error_message = "name must be 3 to 16 lower-case letters, digits and single hyphens, starting with a letter, no hyphen at the end; it is \"${var.name}\"."
  }

  validation {
    # https://cloud.google.com/storage/docs/buckets#naming
    condition     = !can(regex("g[o0][o0]g[l1]e", var.name))
    error_message = "name must not contain \"google\" or anything like it, which Cloud Storage refuses in the name of a bucket; it is \"${var.name}\"."
  }
}

variable "project" {
  description = "Id of the Google Cloud project to deploy to, such as my-project-123456; not its name and not its number."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = <<-EOT
      project must be the id of a project, 6 to 30 lower-case letters, digits and hyphens, a letter first, such as
      my-project-123456; it is "${var.project}".
    EOT
  }
}

variable "region" {
  description = "Google Cloud region, such as us-central1."
  type        = string
  default     = "us-central1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be the id of a Google Cloud region, such as us-central1, without a zone's letter; it is \"${var.region}\"."
  }
}

variable "cidr" {
  description = "IPv4 range of the network, private, /16 to /22."
  type        = string
  default     = "10.20.0.0/16"
}

variable "nat" {
  description = "How private subnets reach the internet: \"single\" (one Cloud NAT for the region) or \"none\" (Google's own services only)."
  type        = string
  default     = "single"
}

variable "cpu" {
  description = "CPU of an instance in vCPU: 1, 2, 4, 6 or 8."
  type        = number
  default     = 1
}

variable "memory" {
  description = "Memory of an instance in MiB, as Cloud Run pairs it with cpu: 512 to 4096 with 1 vCPU."
  type        = number
  default     = 2048
}

variable "instances" {
  description = <<-EOT
    How many instances run: at least min, and up to max as CPU or requests ask for them. With a min of 0 the first request waits for a
    start. With 1 some requests wait for a start if that instance's host fails.
  EOT
  type        = object({ min = number, max = number })
  default     = { min = 2, max = 6 }

  validation {
    # Cloud Run needs twice the instances, in blocks of 16, of the addresses that Google does not reserve in a subnet:
    # https://cloud.google.com/run/docs/configuring/vpc-direct-vpc#ip-allocation
    condition     = try(16 * ceil(2 * var.instances.max / 16) <= pow(2, 28 - tonumber(split("/", var.cidr)[1])) - 4, true)
    error_message = <<-EOT
      instances.max is ${var.instances.max}, for which Cloud Run needs ${16 * ceil(2 * var.instances.max / 16)}
      addresses; a subnet of cidr ${var.cidr} has ${try(pow(2, 28 - tonumber(split("/", var.cidr)[1])) - 4, 0)}.
    EOT
  }
}

variable "environment" {
  description = "Environment variables of the service, such as { MERIDIAN_HOME = \"hello\" }; no secrets."
  type        = map(string)
  default     = {}
}

variable "invoker" {
  description = <<-EOT
    How Cloud Run admits all callers. "disabled": it does not check callers. "all_users": it checks callers, and its IAM
    policy admits allUsers; for organisations whose policy run.managed.requireInvokerIam forbids "disabled".
  EOT
  type        = string
  default     = "disabled"
}

variable "domain" {
  description = <<-EOT
    Own domain: name, and zone (name of a managed zone in Cloud DNS) or certificate (id in Certificate Manager); null
    serves on port 80 under the load balancer's address.
  EOT
  type        = object({ name = string, zone = optional(string), certificate = optional(string) })
  default     = null
}

variable "waf" {
  description = "Whether Cloud Armor also filters requests by Google's rules, for 6 USD a month more. The rate limit for each address always applies."
  type        = bool
  default     = false
}

variable "email" {
  description = "Who gets alerts; null for nobody."
  type        = string
  default     = null
}

variable "expires" {
  description = <<-EOT
    Time in UTC after which the stack may be removed, such as 2026-12-03-1400. Its resources are labelled with the time, and doctor reports it;
    nothing is removed automatically. null: never.
  EOT
  type        = string
  default     = null

  validation {
    condition     = var.expires == null || can(regex("^[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{4}$", var.expires))
    error_message = "expires must be a time in UTC such as 2026-12-03-1400; it is \"${coalesce(var.expires, "null")}\"."
  }
}
