output "url" {
  description = "Where the service is found: https with a domain, else http."
  value       = var.domain == null ? "http://${google_compute_global_address.this.address}" : "https://${var.domain.name}"

  depends_on = [
    google_compute_global_forwarding_rule.http,
    google_compute_global_forwarding_rule.https,
    google_certificate_manager_certificate_map_entry.this,
    google_dns_record_set.this,
  ]
}

output "edge_id" {
  description = "Name of the load balancer's URL map, by which Cloud Monitoring knows the load balancer."
  value       = google_compute_url_map.this.name
}
