locals {
  job      = "${var.name}-probe"
  registry = split("/", var.image)[0]
}

resource "azurerm_container_app_job" "this" {
  name                         = local.job
  resource_group_name          = var.place.resource_group
  location                     = var.place.location
  container_app_environment_id = var.platform.environment_id
  workload_profile_name        = "Consumption"
  # Azure itself uses 45 seconds of a job's time, 30 before the program starts and 15 after it, and more if a node must
  # start first: https://github.com/microsoft/azure-container-apps/issues/1800
  replica_timeout_in_seconds = 240
  replica_retry_limit        = 0

  schedule_trigger_config {
    cron_expression          = var.every_minutes == 60 ? "0 * * * *" : "*/${var.every_minutes} * * * *"
    parallelism              = 1
    replica_completion_count = 1
  }

  identity {
    type         = "UserAssigned"
    identity_ids = [var.identity_id]
  }

  dynamic "registry" {
    for_each = endswith(local.registry, ".azurecr.io") ? [local.registry] : []

    content {
      server   = registry.value
      identity = var.identity_id
    }
  }

  template {
    container {
      name  = "probe"
      image = var.image
      args  = ["probe", "--format", "json", var.url]
      # The smallest combination, which is enough.
      cpu    = 0.25
      memory = "0.5Gi"
    }
  }
}
