output "backend" {
  description = "Maps each folder to the text for its backend.tf. It is known at plan time, so the bootstrap can find an existing store before it applies."
  value = {
    for folder, prefix in local.prefixes : folder => <<-EOT
      # Written by ./taskw bootstrap-gcp. Commit it: it holds no secret.
      terraform {
        backend "gcs" {
          bucket = "${local.bucket}"
          prefix = "${prefix}"
        }
      }
    EOT
  }
}

output "store" {
  description = "Name of the bucket that holds the states. Other modules use it to grant rights."
  value       = google_storage_bucket.this.name
}
