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
    error_message = "The bucket must refuse plain HTTP for itself and for all objects."
  }
  assert {
    condition     = aws_s3_bucket_public_access_block.this.block_public_acls && aws_s3_bucket_public_access_block.this.block_public_policy && aws_s3_bucket_public_access_block.this.ignore_public_acls && aws_s3_bucket_public_access_block.this.restrict_public_buckets
    error_message = "All four public access blocks must be on."
  }
  assert {
    condition     = aws_s3_bucket_ownership_controls.this.rule[0].object_ownership == "BucketOwnerEnforced"
    error_message = "Access lists must be off."
  }
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "Documents must be encrypted at rest."
  }
  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "Versioning must be on, so that an overwritten document can be restored."
  }
  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.this.rule[0].noncurrent_version_expiration[0].noncurrent_days == 30
    error_message = "Old versions must be deleted after 30 days."
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
    error_message = "The task role must only list and read this bucket."
  }
  assert {
    condition     = output.settings == { MERIDIAN_DOCUMENTS_LOCATION = "s3://test-documents-123456789012-us-east-1" }
    error_message = "The settings must give the documents' location in the form that the service reads."
  }
  assert {
    condition     = aws_s3_object.document["foo"].key == "foo.json" && aws_s3_object.document["foo"].content_type == "application/json"
    error_message = "The service looks for NAME.json, so each document must have that key."
  }
}
