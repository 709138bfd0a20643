variable "name" {
  description = "Prefix of every resource's name: 3 to 16 lower-case letters, digits and single hyphens, starting with a letter."
  type        = string
}

variable "place" {
  description = "Resource group and region of every resource; Azure's provider has no defaults for either."
  type        = object({ resource_group = string, location = string })
}

variable "domain" {
  description = <<-EOT
    Own domain, or null for port 80 under Azure's name. name: fully qualified, at most 64 characters. zone: id of the Azure DNS zone in which the
    record is created, …/dnsZones/NAME. Without zone, create the record yourself. certificate: id of the certificate's Key Vault secret,
    …/vaults/VAULT/secrets/NAME. It is required, because Azure's gateway has no managed certificates.
  EOT
  type        = object({ name = string, zone = optional(string), certificate = optional(string) })
  nullable    = true

  validation {
    condition = (
      var.domain == null ||
      can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+([a-z]{2,63}|xn--[a-z0-9-]+)$", var.domain.name)) && length(try(var.domain.name, "")) <= 64
    )
    error_message = <<-EOT
      domain.name must be a fully qualified name in lower case of at most 64 characters, such as
      time.example.com; it is "${coalesce(try(var.domain.name, null), "null")}".
    EOT
  }

  validation {
    condition = (
      try(var.domain.zone, null) == null ||
      can(regex("(?i)^/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft.Network/dnsZones/[^/]+$", var.domain.zone))
    )
    error_message = <<-EOT
      domain.zone must be the id of a DNS zone,
      /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.Network/dnsZones/NAME; it is
      "${coalesce(try(var.domain.zone, null), "null")}".
    EOT
  }

  validation {
    # The provider writes a record into its own subscription, whatever the zone's id says.
    condition     = try(var.domain.zone, null) == null || try(lower(split("/", var.domain.zone)[2]) == data.azurerm_client_config.current.subscription_id, true)
    error_message = <<-EOT
      domain.zone must be in the subscription of this deployment, ${data.azurerm_client_config.current.subscription_id}. If the zone is in another
      one, leave domain.zone out and create the record yourself.
    EOT
  }

  validation {
    condition     = try(var.domain.zone, null) == null || try(endswith(".${var.domain.name}", ".${element(split("/", var.domain.zone), -1)}"), true)
    error_message = <<-EOT
      domain.name must be in domain.zone; "${coalesce(try(var.domain.name, null), "null")}" is not in
      "${try(element(split("/", var.domain.zone), -1), "null")}".
    EOT
  }

  validation {
    condition = (
      var.domain == null ||
      can(regex("^/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft.KeyVault/vaults/[^/]+/secrets/[^/]+$", var.domain.certificate))
    )
    error_message = <<-EOT
      domain.certificate must be the id of a certificate's secret in Key Vault,
      /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.KeyVault/vaults/VAULT/secrets/NAME; it is
      "${coalesce(try(var.domain.certificate, null), "null")}".
    EOT
  }
}

variable "waf" {
  description = <<-EOT
    Whether Azure WAF filters requests: Microsoft's default rule set, known bots, 2000 requests in 5 minutes from one
    address. The gateway then costs 323 USD a month in place of 180, and a capacity unit 1.8 times as much.
  EOT
  type        = bool
}

variable "origin" {
  description = "Host name of the service inside the network, from the module service; null where services is set."
  type        = string
  nullable    = true
}

variable "services" {
  description = <<-EOT
    Services of a platform, by key; null: the one service of a stack. A key has at most 8 characters, and its service is reached at KEY.DOMAIN. origin
    is the service's host name inside the network; the service need not exist yet. slot sets the priority of its rule. check is the gateway's health
    check. request_seconds is how long a response may take. If services is set, domain must be set too, with a certificate for *.DOMAIN.
  EOT
  type = map(object({
    origin          = string
    slot            = number
    check           = object({ path = string, status = number })
    request_seconds = number
  }))
  nullable = true
}

variable "public_subnet_ids" {
  description = "The one public subnet, from the module network; it spans all zones, and holds nothing but the gateway."
  type        = list(string)
}

variable "service" {
  description = <<-EOT
    The parts of the stack's variable `service` that the gateway uses: its health check, and the time limit of a
    request, in seconds; null where services is set.
  EOT
  type = object({
    check           = object({ path = string, status = number })
    request_seconds = number
  })
  nullable = true

  validation {
    # https://learn.microsoft.com/azure/container-apps/ingress-overview#http
    condition = alltrue([
      for seconds in concat(var.service[*].request_seconds, [for service in coalesce(var.services, {}) : service.request_seconds]) :
      floor(seconds) == seconds && seconds >= 1 && seconds <= 240
    ])
    error_message = <<-EOT
      service.request_seconds must be a whole number from 1 to 240, after which the ingress of Container Apps ends a request; it is
      ${join(", ", concat(var.service[*].request_seconds, [for service in coalesce(var.services, {}) : service.request_seconds]))}.
    EOT
  }
}
