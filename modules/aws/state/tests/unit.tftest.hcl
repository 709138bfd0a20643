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
    error_message = "Old versions stay for 90 days."
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
    error_message = "Nobody reads a state without a right of this account: a state holds what its resources return, secrets too."
  }
  assert {
    condition     = aws_s3_bucket_ownership_controls.this.rule[0].object_ownership == "BucketOwnerEnforced"
    error_message = "Access lists are off."
  }
  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"
    error_message = "States are encrypted at rest."
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
    error_message = "No state travels in plain text: requests without TLS are refused for everybody."
  }
  assert {
    condition     = alltrue([for text in values(output.backend) : can(regex("use_lockfile +=.true", text))])
    error_message = "Two writers exclude each other and each folder has a state of its own: without a lock the later one forgets what the earlier made."
  }
  assert {
    condition     = length(distinct([for text in values(output.backend) : regex("key +=.\"(.*)\"", text)[0]])) == length(output.backend)
    error_message = "Two folders under one key would destroy each other's resources."
  }
  assert {
    condition     = aws_s3_bucket.this.bucket == "test-state-123456789012-us-east-1" && strcontains(output.backend["stacks/aws"], "\"test-state-123456789012-us-east-1\"")
    error_message = "The bucket is known before it is made and named for account and region: the bootstrap looks whether the name is taken."
  }
  assert {
    condition     = alltrue([for text in values(output.backend) : can(regex("allowed_account_ids = \\[\"123456789012\"\\]", text))])
    error_message = "A profile of another account must not find its own bucket."
  }
}
