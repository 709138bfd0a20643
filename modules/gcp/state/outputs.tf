output "backend" {
  description = "What to save as backend.tf, by folder. Known at plan, so that the bootstrap finds a store that exists already."
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
  description = "Name of the bucket that holds the states, for those who grant rights to them."
  value       = google_storage_bucket.this.name
}
