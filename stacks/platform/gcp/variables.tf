variable "name" {
  description = <<-EOT
    Prefix of every resource's name, one for each environment: 2 to 7 lower-case letters and digits, a letter first. The shared resources are named
    NAME-platform, and the stack of a service is named NAME-KEY.
  EOT
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,6}$", var.name))
    error_message = "name must be 2 to 7 lower-case letters and digits, a letter first; it is \"${var.name}\"."
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

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be the id of a Google Cloud region, such as us-central1, without a zone's letter; it is \"${var.region}\"."
  }
}

variable "cidr" {
  description = "IPv4 range of the network, private, /16 to /22."
  type        = string
}

variable "nat" {
  description = "How private subnets reach the internet: \"single\" (one Cloud NAT for the region) or \"none\" (Google's own services only)."
  type        = string
}

variable "domain" {
  description = <<-EOT
    Domain of the services, each at KEY.NAME. Give name and one of two: zone, a managed zone in Cloud DNS, which gets
    the record *.NAME and the record that validates its certificate; or certificate, the id of one in Certificate
    Manager that covers *.NAME.
  EOT
  type        = object({ name = string, zone = optional(string), certificate = optional(string) })
  nullable    = false
}

variable "waf" {
  description = "Whether Cloud Armor also filters requests by Google's rules, for 6 USD a month more. The rate limit for each address always applies."
  type        = bool
}

variable "email" {
  description = "Who gets alerts; null for nobody."
  type        = string
  default     = null
}

variable "repository_url" {
  description = "Existing repository for the images, HOST/PATH; null makes one for the platform."
  type        = string
  default     = null

  validation {
    condition     = var.repository_url == null || can(regex("^[a-z0-9-]+-docker\\.pkg\\.dev/[^/]+/[^/]+/.+$", var.repository_url))
    error_message = <<-EOT
      repository_url must be REGION-docker.pkg.dev/PROJECT/REPOSITORY/IMAGE, since Cloud Run fetches images from
      Artifact Registry; it is "${coalesce(var.repository_url, "null")}".
    EOT
  }
}

variable "keep_images" {
  description = "How many of the newest images the platform's own repository keeps at least, 10 to 1000."
  type        = number
}
