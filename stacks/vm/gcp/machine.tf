locals {
  boot = templatefile("${path.module}/../boot/cloud-config.yaml.tftpl", {
    identity    = trimspace(file("${path.module}/identity.sh"))
    packages    = [] # the system has Docker, and cannot install packages
    image       = module.image.image
    greeting    = var.greeting
    memory      = var.memory
    certificate = var.certificate
    # The system's agent, which google-logging-enabled starts, reads the engine's own files.
    log_options = "--log-driver json-file --log-opt max-size=10m --log-opt max-file=3"
  })
}

resource "google_compute_region_instance_template" "this" {
  # checkov:skip=CKV_GCP_36:the machine forwards nothing but its own container's packets
  # checkov:skip=CKV_GCP_40:the machine's own address is its way to the internet, see network.tf
  # checkov:skip=CKV_GCP_37:Google encrypts every disk; a key of our own costs 0.06 USD a month and an outage when it is lost
  name_prefix  = "${var.name}-"
  region       = var.region
  machine_type = var.machine_type
  description  = module.image.image

  disk {
    # The newest Container-Optimized OS when a machine is created: https://cloud.google.com/container-optimized-os/docs
    source_image = "projects/cos-cloud/global/images/family/cos-stable"
    boot         = true
    auto_delete  = true
    # Machines from the fourth generation on support no older disks: https://cloud.google.com/compute/docs/disks/hyperdisks
    disk_type    = can(regex("^[a-z]+[4-9]", var.machine_type)) ? "hyperdisk-balanced" : "pd-balanced"
    disk_size_gb = 10 # 1.00 USD a month
  }

  network_interface {
    subnetwork = google_compute_subnetwork.this.id
    access_config {
      network_tier = "PREMIUM"
    }
  }

  service_account {
    email = local.machine
    # Its roles decide what it may do: https://cloud.google.com/compute/docs/access/service-accounts#accesscopesiam
    scopes = ["cloud-platform"]
  }

  shielded_instance_config {
    enable_secure_boot          = true
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }

  metadata = {
    user-data                 = local.boot
    google-logging-enabled    = "true"
    google-monitoring-enabled = "true"
    # SSH needs a role in the project; keys of the project or the machine do not count.
    enable-oslogin         = "TRUE"
    block-project-ssh-keys = "TRUE"
    serial-port-enable     = "FALSE"
  }

  lifecycle {
    create_before_destroy = true
  }
}

# Checks the service too, but is slower to judge than the load balancer: a replacement takes minutes.
resource "google_compute_health_check" "healing" {
  name                = "${var.name}-healing"
  check_interval_sec  = 20
  timeout_sec         = 5
  healthy_threshold   = 1
  unhealthy_threshold = 5

  http_health_check {
    port         = 80
    request_path = "/now"
  }

  depends_on = [terraform_data.apis]
}

# Keeps the machines serving: one whose service does not answer is replaced. A new template starts new machines, waits
# until they serve, and only then ends the old ones.
resource "google_compute_region_instance_group_manager" "this" {
  name               = var.name
  base_instance_name = var.name
  region             = var.region
  target_size        = var.machines

  version {
    instance_template = google_compute_region_instance_template.this.self_link
  }

  update_policy {
    type                         = "PROACTIVE"
    minimal_action               = "REPLACE"
    replacement_method           = "SUBSTITUTE"
    instance_redistribution_type = "PROACTIVE"
    # A regional group spreads over three zones and accepts no number below that:
    # https://cloud.google.com/compute/docs/instance-groups/rolling-out-updates-to-managed-instance-groups#max_surge
    max_surge_fixed       = 3
    max_unavailable_fixed = 0
  }

  auto_healing_policies {
    health_check = google_compute_health_check.healing.id
    # Seconds to start and pull the image.
    initial_delay_sec = 240
  }

  # The apply ends when the new machines serve and the old ones are gone.
  wait_for_instances        = true
  wait_for_instances_status = "UPDATED"

  timeouts {
    create = "20m"
    update = "20m"
  }

  # A machine that starts before these can neither be reached, nor pull its image, nor write its log.
  depends_on = [
    google_compute_firewall.ingress,
    google_compute_firewall.egress,
    google_artifact_registry_repository_iam_member.pull,
    google_project_iam_member.machine,
    google_secret_manager_secret_iam_member.certificate,
  ]
}
