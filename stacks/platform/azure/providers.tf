provider "azurerm" {
  # If null, the subscription that az shows, or ARM_SUBSCRIPTION_ID.
  subscription_id = var.account
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
  ]

  features {
    log_analytics_workspace {
      # Otherwise its name stays reserved for two weeks, and a new workspace gets the old log.
      permanently_delete_on_destroy = true
    }
  }
}
