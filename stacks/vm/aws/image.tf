data "aws_partition" "current" {}

locals {
  repository_url = var.repository_url == null ? aws_ecr_repository.this[0].repository_url : var.repository_url
  # Account, region and path of an ECR repository; null for any other registry, which needs no rights in IAM.
  shared = try(regex("^(?P<account>[0-9]{12})\\.dkr\\.ecr\\.(?P<region>[a-z0-9-]+)\\.amazonaws\\.com/(?P<path>.+)$", var.repository_url), null)
  pulls = var.repository_url == null ? [aws_ecr_repository.this[0].arn] : local.shared == null ? [] : [
    "arn:${data.aws_partition.current.partition}:ecr:${local.shared.region}:${local.shared.account}:repository/${local.shared.path}",
  ]
}

resource "aws_ecr_repository" "this" {
  # checkov:skip=CKV_AWS_136:encrypted with the registry's own key; images hold no secrets, and a key of our own costs 1 USD a month
  count = var.repository_url == null ? 1 : 0

  name                 = var.name
  image_tag_mutability = "IMMUTABLE"
  # Every image can be rebuilt from its sources, so a destroy may delete them.
  force_delete = true

  image_scanning_configuration {
    scan_on_push = true
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

# Builds and pushes app/, or uses the given image.
module "image" {
  source = "../../../modules/image"

  image          = var.image
  repository_url = local.repository_url
  app            = "${path.module}/../../../app"
}
