data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

resource "aws_s3_bucket" "this" {
  # checkov:skip=CKV_AWS_18:the service's own access log shows who read what; a second bucket of logs would cost more than the documents
  # checkov:skip=CKV_AWS_144:the documents come from the repository and can be uploaded to any region in seconds
  # checkov:skip=CKV_AWS_145:encrypted by S3 itself; what is served to everybody needs no key of its own at 1 USD a month
  # checkov:skip=CKV2_AWS_62:nothing waits for a changed document; the service asks S3 for its entity tag
  # Globally unique, the same for everybody who plans, and known before the apply.
  bucket = "${var.name}-documents-${data.aws_caller_identity.current.account_id}-${data.aws_region.current.id}"
  # Every object is a copy of a file in the repository, so a destroy may delete all objects and versions.
  force_destroy = true
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

    noncurrent_version_expiration {
      noncurrent_days = 30
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
      Resource  = [aws_s3_bucket.this.arn, "${aws_s3_bucket.this.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  # Both write the bucket's policy state, and S3 refuses concurrent writes with 409.
  depends_on = [aws_s3_bucket_public_access_block.this]
}

resource "aws_s3_object" "document" {
  for_each = var.documents

  bucket       = aws_s3_bucket.this.id
  key          = "${each.key}.json"
  content      = each.value
  content_type = "application/json"
  # Restores an object that was changed by hand.
  etag = md5(each.value)

  depends_on = [
    aws_s3_bucket_ownership_controls.this,
    aws_s3_bucket_server_side_encryption_configuration.this,
    aws_s3_bucket_versioning.this,
  ]
}

resource "aws_iam_role_policy" "read" {
  name = "read-documents"
  role = var.reader.task

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "s3:GetObject", Resource = "${aws_s3_bucket.this.arn}/*" },
      # Without it, S3 returns 403 instead of 404 for a missing document.
      { Effect = "Allow", Action = "s3:ListBucket", Resource = aws_s3_bucket.this.arn },
    ]
  })
}
