output "identity_id" {
  description = "E-mail address of the service account that the service runs as."
  value       = google_service_account.this.email
}

output "principal" {
  description = "The same account as IAM names it, serviceAccount:EMAIL, for those who grant rights to it."
  value       = google_service_account.this.member
}
