locals {
  # Maps each purpose to its block of the sixteen, the same as the private subnets on the other clouds. A Google subnet
  # spans its region's zones, and Cloud Run spreads instances over them, so there is no subnet for each zone. Jobs have
  # their own subnet, so that the addresses they keep in use never stop the service from growing.
  subnets = { service = 8, jobs = 9 }
}

resource "google_compute_network" "this" {
  name                    = var.name
  auto_create_subnetworks = false
  routing_mode            = "REGIONAL"
}

# All compute. There is no public subnet: the load balancer is at Google's edge, outside any network, and nothing else
# has a public address.
resource "google_compute_subnetwork" "private" {
  for_each = local.subnets

  name          = "${var.name}-${each.key}"
  network       = google_compute_network.this.id
  region        = var.place.region
  ip_cidr_range = cidrsubnet(var.cidr, 4, each.value)
  stack_type    = "IPV4_ONLY"
  # Reaches Storage, registry and logs for free, without the NAT's 0.045 USD/GiB.
  private_ip_google_access = true

  # Records who connected to whom, in case somebody asks later. 0.50 USD/GiB, some 0.05 GiB per million requests at this
  # sampling: https://cloud.google.com/stackdriver/pricing
  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.5
    metadata             = "INCLUDE_ALL_METADATA"
  }
}

# A new network on Google lets nobody in. With this rule nothing gets out either, unless a rule of a higher priority
# allows it; the modules service and probe bring theirs.
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
