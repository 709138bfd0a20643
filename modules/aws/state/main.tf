data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  # Globally unique, the same for everybody who plans, and known before the apply.
  bucket = "${var.name}-state-${data.aws_caller_identity.current.account_id}-${data.aws_region.current.id}"
  arn    = "arn:${data.aws_partition.current.partition}:s3:::${local.bucket}"
  # Maps each folder to the key of its state.
  keys = {
    "stacks/aws"           = "stack.tfstate"
    "stacks/vm/aws"        = "vm.tfstate"
    "stacks/platform/aws"  = "platform.tfstate"
    "stacks/bootstrap/aws" = "bootstrap.tfstate"
  }
}

resource "aws_s3_bucket" "this" {
  # checkov:skip=CKV_AWS_18:CloudTrail shows who read a state, if data events are turned on for the bucket
  # checkov:skip=CKV_AWS_144:a state describes one region; if that is lost, so is what it describes
  # checkov:skip=CKV_AWS_145:encrypted by S3 itself; a key of our own, at 1 USD a month, would not lock out anybody who may read the bucket
  # checkov:skip=CKV2_AWS_62:nothing waits for a change of a state
  bucket        = local.bucket
  force_destroy = false

  lifecycle {
    # Without its state, a stack's resources must be found and deleted by hand.
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    # Disables ACLs, so that only policies decide.
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket = aws_s3_bucket.this.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    id     = "old-versions"
    status = "Enabled"

    filter {}

    # A broken state is noticed within a quarter.
    noncurrent_version_expiration {
      noncurrent_days = 90
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  # S3 refuses rules about versions on a bucket without versioning.
  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyTLS"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [local.arn, "${local.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  # Both write the bucket's policy state, and S3 refuses concurrent writes with 409.
  depends_on = [aws_s3_bucket_public_access_block.this]
}
