output "network_id" {
  description = "Id of the VPC network, projects/PROJECT/global/networks/NAME."
  value       = google_compute_network.this.id
}

output "public_subnet_ids" {
  description = "None: the load balancer is Google's edge and stands in no network of ours."
  value       = []
}

output "private_subnet_ids" {
  description = "Ids of the private subnets, the first for the service, the second for jobs; available once their egress rules and NAT exist."
  value       = [for purpose in ["service", "jobs"] : google_compute_subnetwork.private[purpose].id]

  depends_on = [google_compute_firewall.deny_egress, google_compute_router_nat.this]
}

# A range and no tag: Google's rules for what comes in know no tags of Cloud Run:
# https://cloud.google.com/run/docs/configuring/vpc-direct-vpc#limitations
output "firewall_source" {
  description = "Range of the service's subnet, from which it calls: for rules elsewhere that let it in."
  value       = google_compute_subnetwork.private["service"].ip_cidr_range
}
