output "job_id" {
  description = "Id of the job that checks the service."
  value       = azurerm_container_app_job.this.id
}
