output "settings" {
  description = "Environment variables for a service that serves the documents. They become available after the documents are uploaded and readable."
  value       = { MERIDIAN_DOCUMENTS_LOCATION = "s3://${aws_s3_bucket.this.id}" }

  depends_on = [aws_iam_role_policy.read, aws_s3_bucket_policy.this, aws_s3_object.document]
}
