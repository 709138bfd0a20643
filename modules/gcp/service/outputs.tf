output "service_id" {
  description = "Id of the Cloud Run service, projects/PROJECT/locations/REGION/services/NAME."
  value       = google_cloud_run_v2_service.this.id
}

output "platform" {
  description = "Where services and jobs run, projects/PROJECT/locations/REGION; the probe runs there too."
  value       = "projects/${var.place.project}/locations/${google_cloud_run_v2_service.this.location}"
}

output "origin" {
  description = "Where the load balancer finds the service, REGION/NAME. It becomes available after unauthenticated calls are allowed."
  value       = "${google_cloud_run_v2_service.this.location}/${google_cloud_run_v2_service.this.name}"

  depends_on = [google_cloud_run_v2_service_iam_member.everybody]
}

output "revision" {
  description = "Name of the stable revision, never the canary's: the value for canary.stable."
  value       = var.canary == null ? basename(data.google_cloud_run_v2_service.after.latest_ready_revision) : var.canary.stable

  # While a revision of another image is not ready, the newest ready one is the canary's, whatever its share was.
  # Checked before anything changes.
  precondition {
    condition = (
      var.canary != null
      || alltrue([for target in data.google_cloud_run_v2_service.before.traffic : target.type == "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"])
      || try(
        data.google_cloud_run_v2_service.before.template[0].containers[0].image == var.image
        && data.google_cloud_run_v2_service.before.latest_ready_revision == data.google_cloud_run_v2_service.before.latest_created_revision,
        false,
      )
    )
    error_message = <<-EOT
      A canary is in progress. This apply would send every request to the canary until a revision of ${var.image} is ready. Finish the
      canary: ./taskw canary-gcp. Or withdraw it: ./taskw canary-gcp WITHDRAW=1. Add the ENV and SERVICE that you deploy with.
    EOT
  }

  # If a new revision does not start, Cloud Run leaves the traffic where it was, and the apply fails. The next apply
  # would have nothing to change and look successful.
  precondition {
    condition = (
      try(var.canary.percent, 100) == 0
      || data.google_cloud_run_v2_service.after.latest_ready_revision == data.google_cloud_run_v2_service.after.latest_created_revision
    )
    error_message = <<-EOT
      The newest revision, ${basename(data.google_cloud_run_v2_service.after.latest_created_revision)}, is not ready, so the previous one still
      serves. The service's log says why: gcloud run services logs read ${var.name} --region ${var.place.region}. Fix the cause, or deploy the
      previous image: ./taskw deploy-gcp IMAGE=REPOSITORY@sha256:…
    EOT
  }
}
