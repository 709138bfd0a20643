provider "azurerm" {
  # If null, the subscription that az shows, or ARM_SUBSCRIPTION_ID.
  subscription_id = var.account
  # Storage accepts no keys here, so the provider must not ask for them.
  storage_use_azuread = true
  # Includes those of the stacks, so that their pipelines need no right to register any.
  resource_provider_registrations = "none"
  resource_providers_to_register = [
    "Microsoft.App",
    "Microsoft.Authorization",
    "Microsoft.Compute",
    "Microsoft.ContainerRegistry",
    "Microsoft.ContainerService", # required by environments in a network
    "microsoft.insights",         # Azure's own spelling; the comparison is case-sensitive
    "Microsoft.KeyVault",
    "Microsoft.ManagedIdentity",
    "Microsoft.Network",
    "Microsoft.OperationalInsights",
    "Microsoft.Portal",
    "Microsoft.Storage",
  ]

  features {
    storage {
      # Resource Manager serves the account's own properties; the data plane needs rights that an owner lacks.
      data_plane_available = false
    }
  }
}
