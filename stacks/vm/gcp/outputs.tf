output "url" {
  description = "URL of the page. With a certificate, point the DNS record of certificate.name at the output addresses."
  value       = var.certificate == null ? "http://${google_compute_address.this.address}" : "https://${var.certificate.name}"

  # The address exists first, but leads somewhere only once the rule exists.
  depends_on = [google_compute_forwarding_rule.this]
}

output "addresses" {
  description = "IPv4 addresses that stay when machines are replaced, for a DNS record."
  value       = [google_compute_address.this.address]
}

output "greeting" {
  description = "Text that the page shows."
  value       = var.greeting
}

output "image" {
  description = "The image that the machines run, by digest."
  value       = module.image.image
}

output "group" {
  description = "Name of the group that keeps the machines serving."
  value       = google_compute_region_instance_group_manager.this.name
}

output "logs" {
  description = "Command that shows what the service logs."
  value = join(" ", [
    "gcloud logging read",
    "'log_id(\"cos_containers\") AND jsonPayload.\"cos.googleapis.com/container_name\"=\"meridian\"'",
    "--project ${var.project} --freshness 1h --order asc",
  ])
}

output "session" {
  description = <<-EOT
    Command that opens a shell on a machine. Run it from an address in 104.154.0.0/15, which the firewall admits to SSH. From inside the network, add
    --internal-ip.
  EOT
  value = join(" ", [
    "gcloud compute ssh $(gcloud compute instances list --project ${var.project}",
    "--filter name~^${google_compute_region_instance_group_manager.this.base_instance_name}- --limit 1 --uri)",
    "--project ${var.project}",
  ])
}

output "name" {
  description = "The name that everything was created under; a destroy finds resources by this name."
  value       = var.name
}

output "region" {
  description = "Region that the stack is deployed in."
  value       = var.region
}
