variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string
}

variable "domain" {
  description = <<-EOT
    Your domain; null serves on port 80 at the load balancer's own name. name: fully qualified, at most 64 characters, or 62 if several services share
    the load balancer. zone: id of the domain's public Route 53 zone, in which the records are created. certificate: ARN of an ACM certificate in the
    same region, used instead of a managed one. Without zone you must give a certificate and create the DNS record yourself.
  EOT
  type        = object({ name = string, zone = optional(string), certificate = optional(string) })
  nullable    = true

  validation {
    # ACM accepts at most 64 characters: https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
    condition = (
      var.domain == null ||
      can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+([a-z]{2,63}|xn--[a-z0-9-]+)$", var.domain.name)) &&
      length(try(var.domain.name, "")) <= 64
    )
    error_message = <<-EOT
      domain.name must be a fully qualified name in lower case of at most 64 characters, such as time.example.com; it
      is "${coalesce(try(var.domain.name, null), "null")}".
    EOT
  }

  validation {
    condition     = try(var.domain.zone, null) == null || can(regex("^[A-Z0-9]{8,32}$", var.domain.zone))
    error_message = <<-EOT
      domain.zone must be the id of a Route 53 hosted zone, such as Z0123456789ABCDEFGHIJ; it is
      "${coalesce(try(var.domain.zone, null), "null")}".
    EOT
  }

  validation {
    condition = (
      try(var.domain.certificate, null) == null ||
      can(regex("^arn:aws[a-z-]*:acm:${data.aws_region.current.id}:[0-9]{12}:certificate/", var.domain.certificate))
    )
    error_message = <<-EOT
      domain.certificate must be the ARN of a certificate in ACM in the load balancer's region,
      arn:aws:acm:${data.aws_region.current.id}:ACCOUNT:certificate/ID; it is
      "${coalesce(try(var.domain.certificate, null), "null")}".
    EOT
  }

  validation {
    condition     = var.domain == null || try(var.domain.zone, null) != null || try(var.domain.certificate, null) != null
    error_message = "domain needs zone or certificate. With zone, the module creates the DNS record and, unless you give a certificate, requests one."
  }
}

variable "waf" {
  description = <<-EOT
    Whether AWS WAF filters requests. It uses AWS's rule groups for common attacks, known bad inputs and IP reputation, and a limit of 2000 requests
    in 5 minutes from one address. 9 USD a month and 0.60 USD per million requests.
  EOT
  type        = bool
}

variable "network_id" {
  description = "Id of the VPC, from the module network."
  type        = string
}

variable "public_subnet_ids" {
  description = "Public subnets in at least two zones, from the module network."
  type        = list(string)

  validation {
    condition     = length(var.public_subnet_ids) >= 2
    error_message = "public_subnet_ids must have at least two subnets, in two zones; it has ${length(var.public_subnet_ids)}."
  }
}

variable "target_group_arn" {
  description = "ARN of the target group that gets all requests, an output of the module entry; null if several services share the load balancer."
  type        = string
  nullable    = true
}

variable "cidr" {
  description = <<-EOT
    IPv4 range of the network, set only where several services share the load balancer. Each service has a host name under domain.name. One wildcard
    certificate and one wildcard record cover all of them. A request for an unknown host gets 404. null: the load balancer serves one service.
  EOT
  type        = string
  nullable    = true

  validation {
    # The name below it selects the service of a request.
    condition     = var.cidr == null || var.domain != null
    error_message = "domain must be set if several services share the load balancer, because each service has a host name under the domain."
  }

  validation {
    # ACM counts the certificate's "*." towards its limit of 64.
    condition     = var.cidr == null || length(try(var.domain.name, "")) <= 62
    error_message = "domain.name must have at most 62 characters where several services share the load balancer; it is \"${try(var.domain.name, "")}\"."
  }
}

variable "service" {
  description = <<-EOT
    The part of the stack's variable `service` that the load balancer uses: request_seconds. If several services share the load balancer, the largest
    request_seconds of all of them.
  EOT
  type        = object({ request_seconds = number })

  validation {
    # AWS load balancers wait at most 4000 s.
    condition     = floor(var.service.request_seconds) == var.service.request_seconds && var.service.request_seconds >= 1 && var.service.request_seconds <= 3600
    error_message = "service.request_seconds must be a whole number from 1 to 3600; it is ${var.service.request_seconds}."
  }
}
