resource "google_compute_router" "this" {
  count = var.nat == "none" ? 0 : 1

  name    = var.name
  network = google_compute_network.this.id
  region  = var.place.region
}

# 0.0014 USD an hour for each instance that uses it, 0.045 USD/GiB, and 0.005 USD an hour for its
# address: https://cloud.google.com/nat/pricing
resource "google_compute_router_nat" "this" {
  count = var.nat == "none" ? 0 : 1

  name                               = var.name
  router                             = google_compute_router.this[0].name
  region                             = var.place.region
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"

  # Ports as an instance needs them: a fixed number would be 64 each, which one busy instance exhausts.
  enable_dynamic_port_allocation      = true
  enable_endpoint_independent_mapping = false
  min_ports_per_vm                    = 32
  max_ports_per_vm                    = 4096

  dynamic "subnetwork" {
    for_each = google_compute_subnetwork.private

    content {
      name                    = subnetwork.value.id
      source_ip_ranges_to_nat = ["PRIMARY_IP_RANGE"]
    }
  }

  # Only connections that got no port; the flow logs already have all the others.
  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}
