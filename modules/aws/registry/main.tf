locals {
  # Account, region and path of an existing ECR repository; null for any other registry.
  shared = try(regex("^(?P<account>[0-9]{12})\\.dkr\\.ecr\\.(?P<region>[a-z0-9-]+)\\.amazonaws\\.com(?:\\.cn)?/(?P<path>.+)$", var.repository_url), null)
  arns = var.repository_url == null ? [aws_ecr_repository.this[0].arn] : local.shared == null ? [] : [
    "arn:${data.aws_partition.current.partition}:ecr:${local.shared.region}:${local.shared.account}:repository/${local.shared.path}",
  ]
}

data "aws_partition" "current" {}

resource "aws_ecr_repository" "this" {
  # checkov:skip=CKV_AWS_136:encrypted with the registry's own key; images hold no secrets, and a key of our own costs 1 USD a month
  count = var.repository_url == null ? 1 : 0

  name = var.name
  # A deployed tag always names the same image.
  image_tag_mutability = "IMMUTABLE"
  # Every image can be rebuilt from its sources, so a destroy may delete them.
  force_delete = true

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "AES256"
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  count = var.repository_url == null ? 1 : 0

  repository = aws_ecr_repository.this[0].name

  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "Keep the newest ${var.keep_images}"
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = var.keep_images }
      action       = { type = "expire" }
    }]
  })
}

# A registry other than ECR needs no rights in IAM.
resource "aws_iam_role_policy" "pull" {
  count = var.reader == null ? 0 : length(local.arns)

  # The name depends on the repository, so that the right to the previous one is removed only after the service no
  # longer uses it. Until then, a restarting task pulls from there.
  name = var.repository_url == null ? "pull-image" : "pull-image-${substr(sha256(var.repository_url), 0, 8)}"
  role = var.reader.execution

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = local.arns[count.index]
      },
      {
        # The login is for the whole registry and has no resource to name:
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
      },
    ]
  })

  lifecycle {
    create_before_destroy = true
  }
}
