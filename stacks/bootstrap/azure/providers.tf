provider "azurerm" {
  # null: the subscription that az shows, or ARM_SUBSCRIPTION_ID.
  subscription_id = var.account
  # Storage takes no keys here, so the provider must not ask for them.
  storage_use_azuread = true
  # Those of the stacks too, so that their pipelines need no right to register any.
  resource_provider_registrations = "none"
  resource_providers_to_register = [
    "Microsoft.App",
    "Microsoft.Authorization",
    "Microsoft.Compute",
    "Microsoft.ContainerRegistry",
    "Microsoft.ContainerService", # asked for by environments in a network
    "microsoft.insights",         # spelt so by Azure, and compared letter by letter
    "Microsoft.KeyVault",
    "Microsoft.ManagedIdentity",
    "Microsoft.Network",
    "Microsoft.OperationalInsights",
    "Microsoft.Portal",
    "Microsoft.Storage",
  ]

  features {
    storage {
      # The account's own properties are Resource Manager's; its data asks for rights that an owner lacks.
      data_plane_available = false
    }
  }
}
