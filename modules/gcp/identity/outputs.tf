output "identity_id" {
  description = "E-mail address of the service account that the service runs as."
  value       = google_service_account.this.email
}

output "principal" {
  description = "The same account as IAM names it, serviceAccount:EMAIL. Other modules use it to grant rights."
  value       = google_service_account.this.member
}
