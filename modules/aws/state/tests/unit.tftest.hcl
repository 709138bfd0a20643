mock_provider "aws" {
  source = "./.."
}

variables {
  name = "test"
}

run "with_the_variables_above" {
  command = plan
  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "Versioning must be on, so that a broken state can be restored from an earlier version."
  }
  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.this.rule[0].noncurrent_version_expiration[0].noncurrent_days == 90
    error_message = "Old versions must be kept for 90 days."
  }
  assert {
    condition     = aws_s3_bucket.this.force_destroy == false
    error_message = "A destroy must not delete states, even if prevent_destroy was removed."
  }
  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "All four public access blocks must be on: a state holds what its resources return, including secrets."
  }
  assert {
    condition     = aws_s3_bucket_ownership_controls.this.rule[0].object_ownership == "BucketOwnerEnforced"
    error_message = "Access lists must be off."
  }
  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"
    error_message = "States must be encrypted at rest."
  }
  assert {
    condition = jsondecode(aws_s3_bucket_policy.this.policy).Statement == [{
      Sid       = "OnlyTLS"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = ["arn:aws:s3:::test-state-123456789012-us-east-1", "arn:aws:s3:::test-state-123456789012-us-east-1/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
    error_message = "Requests without TLS must be refused for everybody."
  }
  assert {
    condition     = alltrue([for text in values(output.backend) : can(regex("use_lockfile +=.true", text))])
    error_message = "Every backend must use a lock: without one, the later writer would overwrite what the earlier one recorded."
  }
  assert {
    condition     = length(distinct([for text in values(output.backend) : regex("key +=.\"(.*)\"", text)[0]])) == length(output.backend)
    error_message = "Each folder must have its own key: two folders under one key would destroy each other's resources."
  }
  assert {
    condition     = aws_s3_bucket.this.bucket == "test-state-123456789012-us-east-1" && strcontains(output.backend["stacks/aws"], "\"test-state-123456789012-us-east-1\"")
    error_message = "The bucket must be named for account and region, so that the bootstrap can check whether it exists."
  }
  assert {
    condition     = alltrue([for text in values(output.backend) : can(regex("allowed_account_ids = \\[\"123456789012\"\\]", text))])
    error_message = "Every backend must allow this account only: a profile of another account must not find that account's bucket."
  }
}
