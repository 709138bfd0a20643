locals {
  job    = "${var.name}-probe"
  region = split("/", var.platform)[3]
  # Seconds. Each run is a new instance, whose connections fail for a minute or more:
  # https://cloud.google.com/run/docs/configuring/vpc-direct-vpc#limitations
  patience = 100
}

resource "google_cloud_run_v2_job" "this" {
  name     = local.job
  location = local.region
  # As in the module service.
  deletion_protection = false

  template {
    task_count  = 1
    parallelism = 1

    template {
      # Without one, Cloud Run uses the project's default account, which may be an editor.
      service_account       = var.identity_id
      execution_environment = "EXECUTION_ENVIRONMENT_GEN2"
      # The probe's wait for the network, plus the check itself.
      timeout = "${local.patience + 80}s"
      # A failure is a verdict; a retry would be a new instance, whose network starts all over again.
      max_retries = 0

      vpc_access {
        # Out through the NAT and in through the public address, like the rest of the world.
        egress = "ALL_TRAFFIC"

        network_interfaces {
          network    = var.network_id
          subnetwork = element(var.private_subnet_ids, 1)
          tags       = [coalesce(var.tag, local.job)]
        }
      }

      containers {
        name  = "probe"
        image = var.image
        args  = ["probe", "--patience", "${local.patience}s", "--format", "json", var.url]

        # Cloud Run's minimum in this execution environment.
        resources {
          limits = { cpu = "1", memory = "512Mi" }
        }
      }
    }
  }

  lifecycle {
    ignore_changes = [client, client_version]
  }

  depends_on = [google_compute_firewall.egress]
}

# 443 for log and registry, 80 or 443 for the service. A platform has one rule for all its probes.
resource "google_compute_firewall" "egress" {
  count = var.tag == null ? 1 : 0

  name               = "${local.job}-egress"
  description        = "The probe: HTTP and HTTPS"
  network            = var.network_id
  direction          = "EGRESS"
  priority           = 1000
  target_tags        = [local.job]
  destination_ranges = ["0.0.0.0/0"]

  allow {
    protocol = "tcp"
    ports    = ["80", "443"]
  }
}

# Keeps the rule of stacks from before the variable tag.
moved {
  from = google_compute_firewall.egress
  to   = google_compute_firewall.egress[0]
}

# Three jobs are free, each further one 0.10 USD a month: https://cloud.google.com/scheduler/pricing
resource "google_cloud_scheduler_job" "this" {
  name             = local.job
  region           = local.region
  description      = "Checks ${var.url} every ${var.every_minutes} minutes"
  schedule         = var.every_minutes == 60 ? "0 * * * *" : "*/${var.every_minutes} * * * *"
  time_zone        = "Etc/UTC"
  attempt_deadline = "60s"

  retry_config {
    # The next run is soon, and a late one would count for the wrong period.
    retry_count = 0
  }

  http_target {
    http_method = "POST"
    uri         = "https://run.googleapis.com/v2/${google_cloud_run_v2_job.this.id}:run"

    oauth_token {
      service_account_email = google_service_account.schedule.email
      scope                 = "https://www.googleapis.com/auth/cloud-platform"
    }
  }

  depends_on = [google_cloud_run_v2_job_iam_member.schedule]
}
