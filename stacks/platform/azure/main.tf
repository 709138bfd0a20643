locals {
  # Everything that services share has this name, and each service NAME-KEY: rights match the prefix NAME-.
  name = "${var.name}-platform"

  place = { resource_group = azurerm_resource_group.this.name, location = azurerm_resource_group.this.location }

  # Previews use the last slots, so that they are never in the way of a new service.
  services = merge(var.services, { for number in range(1, var.previews + 1) : "p${number}" => {
    slot = 99 - number, check = { path = "/now", status = 200 }, request_seconds = 30
  } })
}

# Contains what the services share; each service has its own group.
resource "azurerm_resource_group" "this" {
  name     = local.name
  location = var.region
}

module "network" {
  source = "../../../modules/azure/network"
  place  = local.place

  name = local.name
  cidr = var.cidr
  nat  = var.nat
}

# Pulls the images of all services: a right takes minutes to take effect, so a service's own identity would be refused.
module "puller" {
  source = "../../../modules/azure/identity"
  place  = local.place

  name = "${local.name}-puller"
}

module "registry" {
  source = "../../../modules/azure/registry"
  place  = local.place

  name           = local.name
  keep_images    = var.keep_images
  repository_url = var.repository_url
  reader         = module.puller.principal
}

module "alerts" {
  source = "../../../modules/azure/alerts"
  place  = local.place

  name  = local.name
  email = var.email
}

module "environment" {
  source = "../../../modules/azure/environment"
  place  = local.place

  name               = local.name
  log_days           = 30
  network_id         = module.network.network_id
  private_subnet_ids = module.network.private_subnet_ids
}

module "edge" {
  source = "../../../modules/azure/edge"
  place  = local.place

  name              = local.name
  domain            = var.domain
  waf               = var.waf
  public_subnet_ids = module.network.public_subnet_ids
  origin            = null
  service           = null
  services = { for key, service in local.services :
    key => merge(service, { origin = "${var.name}-${key}.${module.environment.compute.domain}" })
  }
}

# Checks that a service is gone before its place is deleted or what it runs on is replaced: all of that waits for the
# check, because this depends on it.
resource "terraform_data" "stands" {
  for_each = local.services

  input            = { key = each.key, platform = var.name, subscription = split("/", azurerm_resource_group.this.id)[2] }
  triggers_replace = [module.edge.edge_id, module.environment.compute.environment_id, module.puller.identity_id, var.domain.name]

  provisioner "local-exec" {
    when        = destroy
    interpreter = ["bash", "-c"]
    command     = <<-EOT
      stands=$(az group exists --subscription "$SUBSCRIPTION" --name "$PLATFORM-$KEY") || exit 1
      [[ $stands == false ]] && exit
      echo "$PLATFORM-$KEY stands on the platform $PLATFORM. Remove it first: ./taskw destroy-azure SERVICE=$KEY" >&2
      exit 1
    EOT

    environment = { KEY = self.input.key, PLATFORM = self.input.platform, SUBSCRIPTION = self.input.subscription }
  }

  depends_on = [module.alerts, module.edge, module.environment, module.network, module.registry, azurerm_monitor_metric_alert.errors]
}
