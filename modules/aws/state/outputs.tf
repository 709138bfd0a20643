output "backend" {
  description = "Maps each folder to the text for its backend.tf. It is known at plan time, so the bootstrap can find an existing store before it applies."
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
  description = <<-EOT
    ARN of the bucket that holds the states. Other modules use it to grant rights. It becomes available after the bucket is private and
    versioned.
  EOT
  value       = local.arn

  depends_on = [
    aws_s3_bucket_lifecycle_configuration.this,
    aws_s3_bucket_ownership_controls.this,
    aws_s3_bucket_policy.this,
    aws_s3_bucket_server_side_encryption_configuration.this,
    aws_s3_bucket_versioning.this,
  ]
}
