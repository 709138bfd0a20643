mock_provider "aws" {
  source = "./.."
}

variables {
  name      = "test"
  documents = { foo = "{\"message\": \"hello\"}" }
  reader    = { task = "test-task", execution = "test-execution" }
}

run "with_the_variables_above" {
  assert {
    condition = jsondecode(aws_s3_bucket_policy.this.policy).Statement == [{
      Sid       = "OnlyTLS"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = ["arn:aws:s3:::test-documents-123456789012-us-east-1", "arn:aws:s3:::test-documents-123456789012-us-east-1/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
    error_message = "The bucket refuses plain HTTP: whatever is not TLS must be denied, for the bucket and all in it."
  }
  assert {
    condition     = aws_s3_bucket_public_access_block.this.block_public_acls && aws_s3_bucket_public_access_block.this.block_public_policy && aws_s3_bucket_public_access_block.this.ignore_public_acls && aws_s3_bucket_public_access_block.this.restrict_public_buckets
    error_message = "The bucket is closed to the public: all four blocks."
  }
  assert {
    condition     = aws_s3_bucket_ownership_controls.this.rule[0].object_ownership == "BucketOwnerEnforced"
    error_message = "No access lists."
  }
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "Documents are encrypted and versioned: encrypted at rest."
  }
  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "A document overwritten by mistake can be had back."
  }
  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.this.rule[0].noncurrent_version_expiration[0].noncurrent_days == 30
    error_message = "Old versions stop costing after a month: 30 days."
  }
  assert {
    condition     = aws_s3_bucket.this.force_destroy
    error_message = "A destroy must delete documents and versions: AWS refuses to delete a bucket that is not empty."
  }
  assert {
    condition = aws_iam_role_policy.read.role == "test-task" && jsondecode(aws_iam_role_policy.read.policy).Statement == [
      { Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::test-documents-123456789012-us-east-1/*" },
      { Effect = "Allow", Action = "s3:ListBucket", Resource = "arn:aws:s3:::test-documents-123456789012-us-east-1" },
    ]
    error_message = "The task role reads one bucket only: read and list this bucket, nothing else."
  }
  assert {
    condition     = output.settings == { MERIDIAN_DOCUMENTS_LOCATION = "s3://test-documents-123456789012-us-east-1" }
    error_message = "The settings must give the documents' location in the form that the service reads."
  }
  assert {
    condition     = aws_s3_object.document["foo"].key == "foo.json" && aws_s3_object.document["foo"].content_type == "application/json"
    error_message = "The service looks for NAME.json."
  }
}
