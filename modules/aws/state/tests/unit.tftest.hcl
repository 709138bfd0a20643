mock_provider "aws" {
  source = "./.."
}

variables {
  name = "test"
}

run "every_state_that_was_ever_written_can_be_had_back_for_a_quarter" {
  command = plan
  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "A state that was broken is put back from its last version."
  }
  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.this.rule[0].noncurrent_version_expiration[0].noncurrent_days == 90
    error_message = "Old versions stay for 90 days."
  }
}

run "a_destroy_does_not_take_states_along" {
  command = plan
  assert {
    condition     = aws_s3_bucket.this.force_destroy == false
    error_message = "A bucket with states in it must refuse to go, even where prevent_destroy was taken out."
  }
}

run "nobody_reads_a_state_without_a_right_of_this_account" {
  command = plan
  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "A state holds what its resources return, secrets too."
  }
  assert {
    condition     = aws_s3_bucket_ownership_controls.this.rule[0].object_ownership == "BucketOwnerEnforced"
    error_message = "Access lists are off."
  }
  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"
    error_message = "States are encrypted at rest."
  }
}

run "no_state_travels_in_plain_text" {
  command = plan
  assert {
    condition = jsondecode(aws_s3_bucket_policy.this.policy).Statement == [{
      Sid       = "OnlyTLS"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = ["arn:aws:s3:::test-state-123456789012-us-east-1", "arn:aws:s3:::test-state-123456789012-us-east-1/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
    error_message = "Requests without TLS are refused for everybody."
  }
}

run "two_writers_exclude_each_other_and_each_folder_has_a_state_of_its_own" {
  command = plan
  assert {
    condition     = alltrue([for text in values(output.backend) : can(regex("use_lockfile +=.true", text))])
    error_message = "Without a lock the later of two writers forgets what the earlier one made."
  }
  assert {
    condition     = length(distinct([for text in values(output.backend) : regex("key +=.\"(.*)\"", text)[0]])) == length(output.backend)
    error_message = "Two folders under one key would destroy each other's resources."
  }
}

run "the_bucket_is_known_before_it_is_made_and_named_for_account_and_region" {
  command = plan
  assert {
    condition     = aws_s3_bucket.this.bucket == "test-state-123456789012-us-east-1" && strcontains(output.backend["stacks/aws"], "\"test-state-123456789012-us-east-1\"")
    error_message = "The bootstrap looks whether the name is taken before it makes anything."
  }
  assert {
    condition     = alltrue([for text in values(output.backend) : can(regex("allowed_account_ids = \\[\"123456789012\"\\]", text))])
    error_message = "A profile of another account must not find its own bucket."
  }
}
