# Without Google's automatic subnets and rules: only the network called default gets rules by itself,
# https://cloud.google.com/firewall/docs/firewalls#more_rules_default_vpc
resource "google_compute_network" "this" {
  # checkov:skip=CKV2_GCP_18:the rules are in firewall.tf
  name                    = var.name
  auto_create_subnetworks = false
  routing_mode            = "REGIONAL"

  depends_on = [terraform_data.apis]
}

# A machine reaches the internet from its own address, for 3.65 USD a month; Cloud NAT costs 1.02 plus 0.045 USD/GB. The
# firewall, not a missing route, decides what gets in.
resource "google_compute_subnetwork" "this" {
  # checkov:skip=CKV_GCP_26:the service logs each request with its client's address; flow logs cost 0.50 USD/GB more
  # checkov:skip=CKV_GCP_76:the network has no IPv6
  name                     = var.name
  network                  = google_compute_network.this.id
  ip_cidr_range            = var.cidr
  private_ip_google_access = true
}
