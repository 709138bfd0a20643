locals {
  # Purpose to place among the sixteen blocks, those of the private subnets on the other clouds. A
  # subnet of Google spans the zones of its region, and Cloud Run spreads instances over them by
  # itself, so there is none for each zone. Jobs have their own, so that the addresses they hold on
  # to never keep the service from growing.
  subnets = { service = 8, jobs = 9 }
}

resource "google_compute_network" "this" {
  name                    = var.name
  auto_create_subnetworks = false
  routing_mode            = "REGIONAL"
}

# All compute. There is no public subnet: the load balancer stands at Google's edge, outside of any
# network, and nothing else has a public address.
resource "google_compute_subnetwork" "private" {
  for_each = local.subnets

  name          = "${var.name}-${each.key}"
  network       = google_compute_network.this.id
  region        = var.place.region
  ip_cidr_range = cidrsubnet(var.cidr, 4, each.value)
  stack_type    = "IPV4_ONLY"
  # Storage, registry, logs: free, and off the NAT's 0.045 USD/GiB.
  private_ip_google_access = true

  # Who talked to whom, for the day on which somebody asks. 0.50 USD/GiB, some 0.05 GiB per million
  # requests at this sampling: https://cloud.google.com/stackdriver/pricing
  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.5
    metadata             = "INCLUDE_ALL_METADATA"
  }
}

# Nobody gets in, which is how a network of Google begins. Nothing gets out either, unless a rule of
# a higher priority says so; the modules service and probe bring theirs.
resource "google_compute_firewall" "deny_egress" {
  name               = "${var.name}-deny-egress"
  description        = "Denies what no other rule lets out"
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 65534
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}
