output "network_id" {
  description = "Id of the VPC network, projects/PROJECT/global/networks/NAME."
  value       = google_compute_network.this.id
}

output "public_subnet_ids" {
  description = "Always empty: the load balancer runs at Google's edge, outside the VPC network."
  value       = []
}

output "private_subnet_ids" {
  description = "Ids of the private subnets, the first for the service, the second for jobs; available once their egress rules and NAT exist."
  value       = [for purpose in ["service", "jobs"] : google_compute_subnetwork.private[purpose].id]

  depends_on = [google_compute_firewall.deny_egress, google_compute_router_nat.this]
}

# A range, not a tag: Google's rules for incoming traffic do not support Cloud Run's tags:
# https://cloud.google.com/run/docs/configuring/vpc-direct-vpc#limitations
output "firewall_source" {
  description = "Address range of the service's subnet, from which its connections come. Use it in firewall rules, such as a database's."
  value       = google_compute_subnetwork.private["service"].ip_cidr_range
}
