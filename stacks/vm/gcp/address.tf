# Stays when machines are replaced; free while the load balancer uses it.
resource "google_compute_address" "this" {
  name         = var.name
  address_type = "EXTERNAL"
  network_tier = "PREMIUM"

  depends_on = [terraform_data.apis]
}

# Checks the service itself: a machine that cannot tell the time gets no new connections.
resource "google_compute_region_health_check" "serving" {
  name                = "${var.name}-serving"
  check_interval_sec  = 10
  timeout_sec         = 5
  healthy_threshold   = 2
  unhealthy_threshold = 3

  http_health_check {
    port         = 80
    request_path = "/now"
  }

  depends_on = [terraform_data.apis]
}

resource "google_compute_region_backend_service" "this" {
  name                  = var.name
  load_balancing_scheme = "EXTERNAL"
  # Whatever the firewall lets in, also ICMP: https://cloud.google.com/load-balancing/docs/network/networklb-backend-service
  protocol      = "UNSPECIFIED"
  health_checks = [google_compute_region_health_check.serving.id]
  # A machine that is being replaced gets no new connections, and has this long to end the old ones.
  connection_draining_timeout_sec = 20

  backend {
    group          = google_compute_region_instance_group_manager.this.instance_group
    balancing_mode = "CONNECTION"
  }
}

# Forwards packets unchanged, with the client's address and to the static address, so that the machine's firewall
# decides about clients. 18 USD a month: https://cloud.google.com/vpc/network-pricing#lb
resource "google_compute_forwarding_rule" "this" {
  name                  = var.name
  load_balancing_scheme = "EXTERNAL"
  ip_protocol           = "L3_DEFAULT"
  all_ports             = true
  ip_address            = google_compute_address.this.address
  network_tier          = "PREMIUM"
  backend_service       = google_compute_region_backend_service.this.id
}
