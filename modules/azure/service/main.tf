locals {
  ports = { service = 8080, health = 8081 }
  # What the newest revision runs. During a canary the older one, named below, keeps what it has.
  image = var.canary == null ? var.image : var.canary.image
  # Registries that the identity pulls from; others ask for no identity.
  registries = toset([for image in [var.image, local.image] : split("/", image)[0] if endswith(split("/", image)[0], ".azurecr.io")])
}

resource "azurerm_container_app" "this" {
  name                         = var.name
  resource_group_name          = var.place.resource_group
  container_app_environment_id = azurerm_container_app_environment.this.id
  workload_profile_name        = "Consumption"
  # Two revisions at once only while there is a canary: an old one that stays active is billed.
  revision_mode          = var.canary == null ? "Single" : "Multiple"
  max_inactive_revisions = 10

  identity {
    type         = "UserAssigned"
    identity_ids = [var.identity_id]
  }

  dynamic "registry" {
    for_each = local.registries

    content {
      server   = registry.value
      identity = var.identity_id
    }
  }

  ingress {
    # Outside of the environment, which is internal: the network, and of that the gateway.
    external_enabled           = true
    target_port                = local.ports.service
    transport                  = "http"
    allow_insecure_connections = false
    client_certificate_mode    = "ignore"

    dynamic "traffic_weight" {
      for_each = var.canary == null ? [] : [var.canary]

      content {
        # NAME--SUFFIX, as Azure named it.
        revision_suffix = split("--", traffic_weight.value.stable)[1]
        percentage      = 100 - traffic_weight.value.percent
      }
    }

    traffic_weight {
      latest_revision = true
      percentage      = var.canary == null ? 100 : var.canary.percent
    }
  }

  template {
    # No revision_suffix: Azure never takes a name twice, and going back to an older image would be one.
    min_replicas                     = var.instances.min
    max_replicas                     = var.instances.max
    termination_grace_period_seconds = 30

    http_scale_rule {
      name = "requests"
      # An answer takes milliseconds, so a hundred at once are a queue, whatever the CPU says.
      concurrent_requests = "100"
    }

    # The largest demand wins.
    dynamic "custom_scale_rule" {
      for_each = toset(["cpu", "memory"])

      content {
        name             = custom_scale_rule.value
        custom_rule_type = custom_scale_rule.value
        metadata         = { type = "Utilization", value = "80" }
      }
    }

    container {
      # User and lack of rights come with the image; Container Apps has no settings for them.
      name   = "service"
      image  = local.image
      cpu    = var.cpu
      memory = "${var.memory / 1024}Gi"

      dynamic "env" {
        for_each = merge(var.environment, {
          PORT                = tostring(local.ports.service)
          MERIDIAN_ADMIN_PORT = tostring(local.ports.health)
          # Answers tell which image gave them, so that a canary can be told from the stable.
          MERIDIAN_VERSION = split("@", local.image)[1]
          # Written by the gateway over whatever the client sent. Container Apps overwrites X-Forwarded-For with
          # the gateway's address: https://github.com/microsoft/azure-container-apps/issues/1538
          MERIDIAN_CLIENT_ADDRESS = "header:X-Client-IP"
        })

        content {
          name  = env.key
          value = env.value
        }
      }

      # A minute to start, then the others take over.
      startup_probe {
        transport               = "HTTP"
        port                    = local.ports.health
        path                    = "/started"
        interval_seconds        = 2
        timeout                 = 2
        failure_count_threshold = 30
      }

      readiness_probe {
        transport               = "HTTP"
        port                    = local.ports.health
        path                    = "/ready"
        interval_seconds        = 5
        timeout                 = 3
        success_count_threshold = 1
        failure_count_threshold = 3
      }

      liveness_probe {
        transport               = "HTTP"
        port                    = local.ports.health
        path                    = "/live"
        interval_seconds        = 10
        timeout                 = 5
        failure_count_threshold = 3
      }
    }
  }

  lifecycle {
    precondition {
      condition = alltrue([
        for trial in local.trial[*] : try(var.canary.image == trial.image, false) || local.asked <= trial.percent
      ])
      error_message = <<-EOT
        A canary of ${try(local.trial.image, "")} has ${try(local.trial.percent, 0)} % of the requests, and one change would give it
        all of them for a while. Nothing was changed. Finish it: ./taskw canary-azure; or take it back:
        ./taskw canary-azure WITHDRAW=1 (with ENV=… for another environment than production).
      EOT
    }
  }

  # Its log from the first line on.
  depends_on = [azurerm_monitor_diagnostic_setting.this]
}
