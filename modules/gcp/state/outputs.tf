output "backend" {
  description = "What to save as backend.tf, by folder. Known at plan, so that the bootstrap sees what exists already before it makes anything."
  value = {
    for folder, prefix in local.prefixes : folder => <<-EOT
      # Written by task bootstrap-gcp; belongs into the repository, for it holds no secret.
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
  description = "Name of the bucket that holds the states, for those who grant rights to them."
  value       = google_storage_bucket.this.name
}
