output "job_id" {
  description = "Id of the Cloud Run job that checks, projects/PROJECT/locations/REGION/jobs/NAME; gcloud run jobs execute starts it by hand."
  value       = google_cloud_run_v2_job.this.id
}
