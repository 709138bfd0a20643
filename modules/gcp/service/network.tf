# Registry, logs and object store, and anything else that the service calls, such as a database. On a platform, one rule
# lets all services out on 443.
resource "google_compute_firewall" "egress" {
  count = var.tag == null || length(var.service.egress_ports) > 0 ? 1 : 0

  name               = "${var.name}-service-egress"
  description        = "The service: HTTPS"
  network            = var.network_id
  direction          = "EGRESS"
  priority           = 1000
  target_tags        = [local.own]
  destination_ranges = ["0.0.0.0/0"]

  allow {
    protocol = "tcp"
    ports    = distinct(concat(["443"], [for port in var.service.egress_ports : tostring(port)]))
  }
}

# Keeps the rule of stacks from before the variable tag.
moved {
  from = google_compute_firewall.egress
  to   = google_compute_firewall.egress[0]
}

# Allows everybody, for organisations that require the check. By default there is no check, since many forbid members
# from outside: https://cloud.google.com/run/docs/authenticating/public
resource "google_cloud_run_v2_service_iam_member" "everybody" {
  count = var.invoker == "all_users" ? 1 : 0

  name     = google_cloud_run_v2_service.this.name
  location = google_cloud_run_v2_service.this.location
  role     = "roles/run.invoker"
  member   = "allUsers"
}
