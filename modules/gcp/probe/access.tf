# Not the service's account: what visitors talk to must not be able to start anything.
resource "google_service_account" "schedule" {
  account_id   = "${var.name}-schedule"
  display_name = "${var.name} probe schedule"
  description  = "Starts the probe of ${var.name}"
}

resource "google_cloud_run_v2_job_iam_member" "schedule" {
  name     = google_cloud_run_v2_job.this.name
  location = google_cloud_run_v2_job.this.location
  role     = "roles/run.invoker"
  member   = google_service_account.schedule.member
}
