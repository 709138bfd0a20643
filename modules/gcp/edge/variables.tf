variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string
}

variable "domain" {
  description = <<-EOT
    Own domain, or null for port 80 under the load balancer's address. name: fully qualified, at most 64 characters, 62 with several services. zone:
    name of the domain's public managed zone in Cloud DNS, in the same project, in which the records are created. certificate: id of a certificate in
    Certificate Manager, in place of a managed one; without zone it is required, and pointing the name at the load balancer is up to you.
  EOT
  type        = object({ name = string, zone = optional(string), certificate = optional(string) })
  nullable    = true

  validation {
    # 64 is the limit of a certificate's name, the *. of a platform included: https://cloud.google.com/certificate-manager/docs/certificates
    condition = (
      var.domain == null
      || can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+([a-z]{2,63}|xn--[a-z0-9-]+)$", var.domain.name))
      && length(try(var.domain.name, "")) <= (var.services == null ? 64 : 62)
    )
    error_message = <<-EOT
      domain.name must be a fully qualified name in lower case of at most ${var.services == null ? 64 : 62} characters, such as time.example.com; it
      is "${coalesce(try(var.domain.name, null), "null")}".
    EOT
  }

  validation {
    condition     = try(var.domain.zone, null) == null || can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.domain.zone))
    error_message = <<-EOT
      domain.zone must be the name of a managed zone in Cloud DNS, such as example-com, not the domain in it; it is
      "${coalesce(try(var.domain.zone, null), "null")}".
    EOT
  }

  validation {
    condition     = try(var.domain.certificate, null) == null || can(regex("^projects/[^/]+/locations/global/certificates/[^/]+$", var.domain.certificate))
    error_message = <<-EOT
      domain.certificate must be the id of a certificate in Certificate Manager,
      projects/PROJECT/locations/global/certificates/NAME; it is
      "${coalesce(try(var.domain.certificate, null), "null")}".
    EOT
  }

  validation {
    condition     = var.domain == null || try(var.domain.zone, null) != null || try(var.domain.certificate, null) != null
    error_message = "domain needs zone or certificate. With zone, the certificate is validated and the record created there."
  }
}

variable "waf" {
  description = <<-EOT
    Whether Cloud Armor also filters requests by Google's rules, for 6 USD a month more: SQL injection, cross-site scripting, file inclusion, code
    execution, protocol attacks and Log4Shell. The rate limit for each address always applies.
  EOT
  type        = bool
}

variable "origin" {
  description = "Where the service is, REGION/NAME, from the module service; null where services is set."
  type        = string
  nullable    = true
}

variable "services" {
  description = <<-EOT
    Services of a platform, by key; null: the one service of a stack. Each is reached at KEY.DOMAIN. The value is
    where the service runs, REGION/NAME; the service need not exist yet. A domain is required, and its certificate must
    cover *.DOMAIN.
  EOT
  type        = map(string)
  nullable    = true
}
