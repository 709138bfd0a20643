# Fake Azure responses for tests without a subscription, with ids in the form that the provider checks.
mock_data "azurerm_client_config" {
  defaults = {
    subscription_id = "00000000-1111-2222-3333-444444444444"
    tenant_id       = "55555555-1111-2222-3333-444444444444"
    client_id       = "66666666-1111-2222-3333-444444444444"
    object_id       = "77777777-1111-2222-3333-444444444444"
  }
}

mock_data "azurerm_container_app" {
  defaults = {
    latest_revision_name = "test--abc1234"
  }
}

mock_data "azurerm_resources" {
  defaults = {
    resources = [{
      id                  = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/shared/providers/Microsoft.ContainerRegistry/registries/shared"
      name                = "shared"
      type                = "Microsoft.ContainerRegistry/registries"
      location            = "westeurope"
      resource_group_name = "shared"
      tags                = {}
    }]
  }
}

mock_data "azurerm_subscription" {
  defaults = {
    id = "/subscriptions/00000000-1111-2222-3333-444444444444"
  }
}

mock_resource "azurerm_application_gateway" {
  defaults = {
    id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Network/applicationGateways/test"
  }
}

mock_resource "azurerm_container_app" {
  defaults = {
    id                   = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.App/containerApps/test"
    latest_revision_name = "test--abc1234"
  }
}

mock_resource "azurerm_container_app_environment" {
  defaults = {
    id                = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.App/managedEnvironments/test"
    default_domain    = "happy-test.westeurope.azurecontainerapps.io"
    static_ip_address = "10.20.128.10"
  }
}

mock_resource "azurerm_container_app_job" {
  defaults = {
    id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.App/jobs/test-probe"
  }
}

mock_resource "azurerm_container_registry" {
  defaults = {
    id           = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.ContainerRegistry/registries/test01234567"
    login_server = "test01234567.azurecr.io"
  }
}

mock_resource "azurerm_log_analytics_workspace" {
  defaults = {
    id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.OperationalInsights/workspaces/test"
  }
}

mock_resource "azurerm_monitor_action_group" {
  defaults = {
    id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Insights/actionGroups/test-alarms"
  }
}

mock_resource "azurerm_nat_gateway" {
  defaults = {
    id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Network/natGateways/test-nat"
  }
}

mock_resource "azurerm_network_security_group" {
  defaults = {
    id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Network/networkSecurityGroups/test"
  }
}

mock_resource "azurerm_portal_dashboard" {
  defaults = {
    id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Portal/dashboards/test"
  }
}

mock_resource "azurerm_private_dns_zone" {
  defaults = {
    id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Network/privateDnsZones/happy-test.westeurope.azurecontainerapps.io"
  }
}

mock_resource "azurerm_public_ip" {
  defaults = {
    id         = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Network/publicIPAddresses/test"
    fqdn       = "test-01234567.westeurope.cloudapp.azure.com"
    ip_address = "203.0.113.10"
  }
}

mock_resource "azurerm_resource_group" {
  defaults = {
    id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test"
  }
}

mock_resource "azurerm_role_assignment" {
  defaults = {
    id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Authorization/roleAssignments/88888888-1111-2222-3333-444444444444"
  }
}

mock_resource "azurerm_storage_account" {
  defaults = {
    id                    = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Storage/storageAccounts/test01234567"
    primary_blob_endpoint = "https://test01234567.blob.core.windows.net/"
    primary_blob_host     = "test01234567.blob.core.windows.net"
  }
}

mock_resource "azurerm_storage_container" {
  defaults = {
    id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Storage/storageAccounts/test01234567/blobServices/default/containers/documents"
  }
}

mock_resource "azurerm_subnet" {
  defaults = {
    id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Network/virtualNetworks/test/subnets/test"
  }
}

mock_resource "azurerm_user_assigned_identity" {
  defaults = {
    id           = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.ManagedIdentity/userAssignedIdentities/test"
    principal_id = "99999999-1111-2222-3333-444444444444"
    client_id    = "aaaaaaaa-1111-2222-3333-444444444444"
  }
}

mock_resource "azurerm_virtual_network" {
  defaults = {
    id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Network/virtualNetworks/test"
  }
}

mock_resource "azurerm_web_application_firewall_policy" {
  defaults = {
    id = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Network/applicationGatewayWebApplicationFirewallPolicies/test"
  }
}
