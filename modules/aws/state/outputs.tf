output "backend" {
  description = "What to save as backend.tf, by folder. Known at plan, so that the bootstrap finds a store that exists already."
  value = {
    for folder, key in local.keys : folder => <<-EOT
      # Written by ./taskw bootstrap-aws. Commit it: it holds no secret.
      terraform {
        backend "s3" {
          bucket              = "${local.bucket}"
          key                 = "${key}"
          region              = "${data.aws_region.current.id}"
          allowed_account_ids = ["${data.aws_caller_identity.current.account_id}"]
          encrypt             = true
          use_lockfile        = true
        }
      }
    EOT
  }
}

output "store" {
  description = "ARN of the bucket that holds the states, for those who grant rights to them; usable once it is private and versioned."
  value       = local.arn

  depends_on = [
    aws_s3_bucket_lifecycle_configuration.this,
    aws_s3_bucket_ownership_controls.this,
    aws_s3_bucket_policy.this,
    aws_s3_bucket_server_side_encryption_configuration.this,
    aws_s3_bucket_versioning.this,
  ]
}
