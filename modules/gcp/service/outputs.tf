output "service_id" {
  description = "Id of the Cloud Run service, projects/PROJECT/locations/REGION/services/NAME."
  value       = google_cloud_run_v2_service.this.id
}

output "platform" {
  description = "Where services and jobs run, projects/PROJECT/locations/REGION; the probe runs there too."
  value       = "projects/${var.place.project}/locations/${google_cloud_run_v2_service.this.location}"
}

output "origin" {
  description = "Where the load balancer finds the service, REGION/NAME; usable once everybody may call it."
  value       = "${google_cloud_run_v2_service.this.location}/${google_cloud_run_v2_service.this.name}"

  depends_on = [google_cloud_run_v2_service_iam_member.everybody]
}

output "revision" {
  description = "Name of the revision that serves without the canary; a canary names it as stable."
  value       = var.canary == null ? basename(data.google_cloud_run_v2_service.after.latest_ready_revision) : var.canary.stable
}
