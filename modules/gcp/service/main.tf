resource "google_cloud_run_v2_service" "this" {
  name        = var.name
  location    = var.place.region
  description = "Serves ${var.name}"

  # The load balancer is the only way in: no address of Cloud Run's own, and no other traffic from outside.
  ingress              = "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
  default_uri_disabled = true
  invoker_iam_disabled = var.invoker == "disabled"
  # One command must be able to destroy the stack; the state and its lock protect it.
  deletion_protection = false

  # For the service, not the template: shared by the revisions that have traffic, so that one without any keeps no
  # instance warm.
  #
  # In place of 80 percent of CPU: Cloud Run adds instances at 60 percent of CPU, or of the requests that an instance
  # accepts at once, and ignores memory. Its thresholds cannot be set, except in a preview:
  # https://cloud.google.com/run/docs/about-instance-autoscaling
  scaling {
    min_instance_count = var.instances.min
    max_instance_count = var.scale == null ? max(1, var.instances.min) : var.instances.max
  }

  # No revision name: a used one can never be used again, which going back to an image or a setting would need.
  template {
    service_account       = var.identity_id
    execution_environment = "EXECUTION_ENVIRONMENT_GEN2"
    # The sum of the service's limits for receiving a request and for responding.
    timeout = "${var.service.request_seconds}s"
    # Cloud Run's default for each vCPU, far below the service's own limit of connections. No instance gets more at
    # once, and Cloud Run adds others at 60 percent of it.
    max_instance_request_concurrency = try(var.scale.requests, null) == null ? 80 * var.cpu : ceil(var.scale.requests / 0.6)

    vpc_access {
      # All outgoing traffic uses our network, where it is logged and can be denied.
      egress = "ALL_TRAFFIC"

      network_interfaces {
        network    = var.network_id
        subnetwork = var.private_subnet_ids[0]
        tags       = compact([var.tag, local.own])
      }
    }

    # The image's own user is 65532. There are no capabilities to drop, and each instance has its own root file system
    # in memory.
    containers {
      name  = "service"
      image = local.image
      # Cloud Run's command is the image's ENTRYPOINT.
      command = var.service.entrypoint
      args    = var.service.args

      ports {
        name           = "http1"
        container_port = local.ports.service
      }

      resources {
        limits = { cpu = tostring(var.cpu), memory = "${var.memory}Mi" }
        # CPU is billed only while requests run, so that two idle instances cost 39 USD a month, not 116:
        # https://cloud.google.com/run/pricing
        cpu_idle          = true
        startup_cpu_boost = true
      }

      # The network may take a minute longer than the service (MERIDIAN_DOCUMENTS_WAIT); 240 seconds are the maximum.
      startup_probe {
        period_seconds    = 2
        timeout_seconds   = 2
        failure_threshold = ceil(min(240, var.service.start_seconds + 60) / 2)

        http_get {
          path = coalesce(var.service.health.started, var.service.health.ready)
          port = local.ports.health
        }
      }

      dynamic "liveness_probe" {
        for_each = var.service.health.live[*]

        content {
          period_seconds    = 10
          timeout_seconds   = 5
          failure_threshold = 3

          http_get {
            path = liveness_probe.value
            port = local.ports.health
          }
        }
      }

      # No new requests while this fails, which is the first thing that it does at a shutdown.
      readiness_probe {
        period_seconds    = 5
        timeout_seconds   = 2
        success_threshold = 1
        failure_threshold = 2

        http_get {
          path = var.service.health.ready
          port = local.ports.health
        }
      }

      dynamic "env" {
        for_each = local.settings

        content {
          name  = env.key
          value = env.value.value

          dynamic "value_source" {
            for_each = env.value.secret[*]

            content {
              secret_key_ref {
                secret  = value_source.value
                version = "latest"
              }
            }
          }
        }
      }
    }
  }

  dynamic "traffic" {
    for_each = local.traffic

    content {
      type     = traffic.value.type
      revision = traffic.value.revision
      percent  = traffic.value.percent
    }
  }

  lifecycle {
    # The API's last client: using gcloud or the console is no difference.
    ignore_changes = [client, client_version]
  }

  depends_on = [google_compute_firewall.egress, terraform_data.secrets]
}
