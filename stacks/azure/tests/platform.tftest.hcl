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

run "on_a_platform_only_the_service_is_created" {
  command = plan
  variables {
    name  = "stg-orders"
    image = "stg01234567.azurecr.io/stg@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }
  assert {
    condition     = length(concat(module.network, module.edge, module.environment, module.alerts, module.registry)) == 0 && length(module.observability) == 1
    error_message = "On a platform the stack must create the alarms, but no network, gateway, environment, channel or registry."
  }
  assert {
    condition     = output.url == "https://orders.staging.example.com" && output.network_id == var.platform.network_id && output.firewall_source == "10.31.128.0/20"
    error_message = "The URL, the network and the firewall source must be the platform's."
  }
}

run "a_preview_has_no_alarms_probe_or_documents" {
  command = plan
  variables {
    name  = "stg-p1"
    image = "stg01234567.azurecr.io/stg@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }
  assert {
    condition     = length(concat(module.observability, module.probe, module.documents)) == 0 && output.dashboard_url == null
    error_message = "A preview must have no alarms, probe, dashboard or documents."
  }
}
