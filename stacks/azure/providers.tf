provider "azurerm" {
  # If null, the subscription that az shows, or ARM_SUBSCRIPTION_ID.
  subscription_id = var.account
  # Storage accepts no keys here, so the provider must not ask for them.
  storage_use_azuread = true
  # A new subscription lacks these; an identity that may only read must find them registered.
  resource_provider_registrations = "none"
  resource_providers_to_register = [
    "Microsoft.App",
    "Microsoft.ContainerRegistry",
    "Microsoft.ContainerService", # required by environments in a network
    "microsoft.insights",         # Azure's own spelling; the comparison is case-sensitive
    "Microsoft.ManagedIdentity",
    "Microsoft.Network",
    "Microsoft.OperationalInsights",
    "Microsoft.Portal",
    "Microsoft.Storage",
  ]

  features {
    log_analytics_workspace {
      # Otherwise its name stays reserved for two weeks, and a new workspace gets the old log.
      permanently_delete_on_destroy = true
    }

    storage {
      # Resource Manager serves the account's own properties; the data plane needs rights that an owner lacks.
      data_plane_available = false
    }
  }
}
