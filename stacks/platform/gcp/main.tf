locals {
  # Everything that services share has this name, and each service NAME-KEY: rights match the prefix NAME-.
  name = "${var.name}-platform"

  place = { project = var.project, region = var.region }

  # Previews use the last slots, so that they are never in the way of a new service.
  services = merge(var.services, { for number in range(1, var.previews + 1) : "p${number}" => {
    slot = 99 - number, check = { path = "/now", status = 200 }, request_seconds = 30
  } })
}

module "network" {
  source = "../../../modules/gcp/network"
  place  = local.place

  name = local.name
  cidr = var.cidr
  nat  = var.nat

  depends_on = [terraform_data.apis]
}

# Matches the tags of services and their probes: separate rules would be two more resources for each service.
resource "google_compute_firewall" "egress" {
  for_each = { service = ["443"], probe = ["80", "443"] }

  name               = "${local.name}-${each.key}-egress"
  description        = "Every ${each.key}: ${join(" and ", each.value)}"
  network            = module.network.network_id
  direction          = "EGRESS"
  priority           = 1000
  target_tags        = ["${local.name}-${each.key}"]
  destination_ranges = ["0.0.0.0/0"]

  allow {
    protocol = "tcp"
    ports    = each.value
  }
}

module "registry" {
  source = "../../../modules/gcp/registry"
  place  = local.place

  name           = local.name
  keep_images    = var.keep_images
  repository_url = var.repository_url

  depends_on = [terraform_data.apis]
}

module "alerts" {
  source = "../../../modules/gcp/alerts"

  name  = local.name
  email = var.email

  depends_on = [terraform_data.apis]
}

module "edge" {
  source = "../../../modules/gcp/edge"

  name     = local.name
  domain   = var.domain
  waf      = var.waf
  origin   = null
  services = { for key in keys(local.services) : key => "${var.region}/${var.name}-${key}" }

  depends_on = [terraform_data.apis]
}

# Checks that a service is gone before its place is deleted or what it runs on is replaced: all of that waits for the
# check, because this depends on it.
resource "terraform_data" "stands" {
  for_each = local.services

  input            = { key = each.key, platform = var.name, project = var.project, region = var.region }
  triggers_replace = [module.network.network_id, module.edge.edge_id, var.domain.name]

  provisioner "local-exec" {
    when        = destroy
    interpreter = ["bash", "-c"]
    command     = <<-EOT
      stands=$(gcloud run services list --project "$PROJECT" --region "$REGION" --filter "metadata.name=$PLATFORM-$KEY" \
        --format 'value(metadata.name)') || exit 1
      [[ -z $stands ]] && exit
      echo "$PLATFORM-$KEY stands on the platform $PLATFORM. Remove it first: ./taskw destroy-gcp SERVICE=$KEY" >&2
      exit 1
    EOT

    environment = { KEY = self.input.key, PLATFORM = self.input.platform, PROJECT = self.input.project, REGION = self.input.region }
  }

  depends_on = [
    module.alerts, module.edge, module.network, module.registry, google_compute_firewall.egress, google_monitoring_alert_policy.errors,
  ]
}
