# A service on a platform, whose resources are passed in.
mock_provider "azurerm" {
  source          = "../../modules/azure"
  override_during = plan
}

override_resource {
  target          = module.service.terraform_data.ready
  values          = { output = "test--abc0001" }
  override_during = plan
}

variables {
  image = "example.com/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  platform = {
    name               = "stg"
    domain             = "staging.example.com"
    nat                = "single"
    network_id         = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/stg/providers/Microsoft.Network/virtualNetworks/stg"
    private_subnet_ids = ["/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/stg/providers/Microsoft.Network/virtualNetworks/stg/subnets/stg-private"]
    firewall_source    = "10.31.128.0/20"
    compute = {
      environment_id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/stg/providers/Microsoft.App/managedEnvironments/stg"
      workspace_id   = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/stg/providers/Microsoft.OperationalInsights/workspaces/stg"
      domain         = "happy-stg.westeurope.azurecontainerapps.io"
    }
    edge_id        = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/stg/providers/Microsoft.Network/applicationGateways/stg"
    channel        = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/stg/providers/Microsoft.Insights/actionGroups/stg-alarms"
    repository_url = "stg01234567.azurecr.io/stg"
    puller         = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/stg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/stg-puller"
    services = {
      orders = { url = "https://orders.staging.example.com", slot = 1, request_seconds = 30 }
      p1     = { url = "https://p1.staging.example.com", slot = 98, request_seconds = 30 }
    }
  }
}

run "on_a_platform_there_is_the_service_alone" {
  command = plan
  variables {
    name  = "stg-orders"
    image = "stg01234567.azurecr.io/stg@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }
  assert {
    condition     = length(concat(module.network, module.edge, module.environment, module.alerts, module.registry)) == 0 && length(module.observability) == 1
    error_message = "Network, gateway, environment, channel and registry are the platform's."
  }
  assert {
    condition     = output.url == "https://orders.staging.example.com" && output.network_id == var.platform.network_id && output.firewall_source == "10.31.128.0/20"
    error_message = "It is found where the platform leads to it."
  }
}

run "a_preview_rings_no_bell" {
  command = plan
  variables {
    name  = "stg-p1"
    image = "stg01234567.azurecr.io/stg@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }
  assert {
    condition     = length(concat(module.observability, module.probe, module.documents)) == 0 && output.dashboard_url == null
    error_message = "No alarms, no probe, no dashboard and no documents of its own."
  }
}
