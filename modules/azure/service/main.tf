resource "azurerm_container_app" "this" {
  name                         = var.name
  resource_group_name          = var.place.resource_group
  container_app_environment_id = var.compute.environment_id
  workload_profile_name        = "Consumption"
  # Two active revisions only during a canary: an old one that stays active is billed.
  revision_mode          = var.canary == null ? "Single" : "Multiple"
  max_inactive_revisions = 10

  identity {
    type         = "UserAssigned"
    identity_ids = distinct([var.identity_id, local.puller])
  }

  dynamic "registry" {
    for_each = local.registries
    content {
      server   = registry.value
      identity = local.puller
    }
  }

  dynamic "secret" {
    for_each = local.secrets
    content {
      name                = secret.value.name
      identity            = var.identity_id
      key_vault_secret_id = secret.value.url
    }
  }

  ingress {
    # In an internal environment, external means the network, and there only the gateway gets in.
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
    # No revision_suffix: Azure never accepts a name twice, and going back to an older image would repeat one.
    min_replicas                     = var.instances.min
    max_replicas                     = var.scale == null ? var.instances.min : var.instances.max
    termination_grace_period_seconds = max(30, var.service.stop_seconds)

    dynamic "http_scale_rule" {
      for_each = var.scale[*]
      content {
        name = "requests"
        # Meridian responds in milliseconds, so a hundred requests at once are a queue, whatever the CPU load.
        concurrent_requests = tostring(coalesce(http_scale_rule.value.requests, 100))
      }
    }

    # The largest demand wins.
    dynamic "custom_scale_rule" {
      for_each = var.scale == null ? {} : { cpu = coalesce(var.scale.cpu, 80), memory = coalesce(var.scale.memory, 80) }

      content {
        name             = custom_scale_rule.key
        custom_rule_type = custom_scale_rule.key
        metadata         = { type = "Utilization", value = tostring(custom_scale_rule.value) }
      }
    }

    container {
      # The image sets the user and its lack of rights; Container Apps has no settings for them.
      name   = "service"
      image  = local.image
      cpu    = var.cpu
      memory = "${var.memory / 1024}Gi"
      # Container Apps' command is the image's ENTRYPOINT.
      command = var.service.entrypoint
      args    = var.service.args

      dynamic "env" {
        for_each = local.settings

        content {
          name        = env.key
          value       = env.value.value
          secret_name = env.value.secret
        }
      }

      # Gives the service time to start; then the other probes take over.
      startup_probe {
        transport               = "HTTP"
        port                    = local.ports.health
        path                    = coalesce(var.service.health.started, var.service.health.ready)
        interval_seconds        = local.pace
        timeout                 = 2
        failure_count_threshold = ceil(var.service.start_seconds / local.pace)
      }

      readiness_probe {
        transport               = "HTTP"
        port                    = local.ports.health
        path                    = var.service.health.ready
        interval_seconds        = 5
        timeout                 = 3
        success_count_threshold = 1
        failure_count_threshold = 3
      }

      # If null, Container Apps only tries to connect.
      dynamic "liveness_probe" {
        for_each = var.service.health.live[*]

        content {
          transport               = "HTTP"
          port                    = local.ports.health
          path                    = liveness_probe.value
          interval_seconds        = 10
          timeout                 = 5
          failure_count_threshold = 3
        }
      }
    }
  }

  lifecycle {
    precondition {
      condition     = alltrue([for trial in local.trial[*] : try(var.canary.image == trial.image, false) || local.asked <= trial.percent])
      error_message = <<-EOT
        A canary of ${try(local.trial.image, "")} has ${try(local.trial.percent, 0)} % of the requests. This apply would send all requests to the
        canary for a while, so nothing was changed. Finish the canary: ./taskw canary-azure. Or withdraw it: ./taskw canary-azure WITHDRAW=1. Add the ENV and
        SERVICE that you deploy with.
      EOT
    }
  }

  depends_on = [terraform_data.secrets]
}
