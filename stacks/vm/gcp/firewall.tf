# The whole firewall. Anything else is kept out by the rule of priority 65535 that every Google network has; everything
# may go out.
locals {
  ingress = {
    http       = { protocol = "tcp", port = 80, from = "0.0.0.0/0" }
    https      = { protocol = "tcp", port = 443, from = "0.0.0.0/0" }
    icmp       = { protocol = "icmp", port = null, from = "0.0.0.0/0" }
    ssh        = { protocol = "tcp", port = 22, from = "104.154.0.0/15" }
    inside-tcp = { protocol = "tcp", port = null, from = var.cidr }
    inside-udp = { protocol = "udp", port = null, from = var.cidr }
  }
}

resource "google_compute_firewall" "ingress" {
  # checkov:skip=CKV_GCP_106:everybody may reach a public page on 80
  # checkov:skip=CKV_GCP_2:22 is let in from 104.154.0.0/15 only
  for_each = local.ingress

  name          = "${var.name}-${each.key}"
  network       = google_compute_network.this.id
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = [each.value.from]

  allow {
    protocol = each.value.protocol
    ports    = each.value.port == null ? null : [tostring(each.value.port)]
  }
}

# Google's own rule does the same; this one comes before anything that an organization may deny there.
resource "google_compute_firewall" "egress" {
  name               = "${var.name}-everything-out"
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = ["0.0.0.0/0"]

  allow {
    protocol = "all"
  }
}
