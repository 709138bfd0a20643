locals {
  # Registry, region and path of a repository of ECR that exists already; null for any other registry.
  shared = try(regex("^(?P<account>[0-9]{12})\\.dkr\\.ecr\\.(?P<region>[a-z0-9-]+)\\.amazonaws\\.com(?:\\.cn)?/(?P<path>.+)$", var.repository_url), null)
  arns = var.repository_url == null ? [aws_ecr_repository.this[0].arn] : local.shared == null ? [] : [
    "arn:${data.aws_partition.current.partition}:ecr:${local.shared.region}:${local.shared.account}:repository/${local.shared.path}",
  ]
}

data "aws_partition" "current" {}

resource "aws_ecr_repository" "this" {
  # checkov:skip=CKV_AWS_136:encrypted with the registry's own key; images hold no secrets, and a key of ours costs 1 USD a month
  count = var.repository_url == null ? 1 : 0

  name = var.name
  # What was deployed by a name stays what it was.
  image_tag_mutability = "IMMUTABLE"
  # Every image can be built again from its sources, so a destroy may take them along.
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

# A registry that is not ECR asks nothing of IAM.
resource "aws_iam_role_policy" "pull" {
  count = var.reader == null ? 0 : length(local.arns)

  # Another name for another repository, so that the right to the earlier one goes only when the service has left it: until then a
  # task that starts again pulls from there.
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
        # The login is to the registry as a whole; it has no resource to name:
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
