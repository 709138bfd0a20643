provider "azurerm" {
  # null: the subscription that az shows, or ARM_SUBSCRIPTION_ID.
  subscription_id = var.account
  # What a new subscription does not know yet; who may only read must find them registered.
  resource_provider_registrations = "none"
  resource_providers_to_register = [
    "Microsoft.App",
    "Microsoft.ContainerRegistry",
    "Microsoft.ContainerService", # asked for by environments in a network
    "microsoft.insights",         # spelt so by Azure, and compared letter by letter
    "Microsoft.ManagedIdentity",
    "Microsoft.Network",
    "Microsoft.OperationalInsights",
  ]

  features {
    log_analytics_workspace {
      # Otherwise its name stays taken for two weeks, and a new one gets the old log.
      permanently_delete_on_destroy = true
    }
  }
}
