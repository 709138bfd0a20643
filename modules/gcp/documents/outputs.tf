output "settings" {
  description = "Environment variables for a service that serves the documents. They become available after the documents are uploaded and readable."
  value       = { MERIDIAN_DOCUMENTS_LOCATION = "gs://${google_storage_bucket.this.name}" }

  depends_on = [google_storage_bucket_iam_member.read, google_storage_bucket_object.document]
}
