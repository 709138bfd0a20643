module "state" {
  source = "../../../modules/aws/state"

  name = var.name
}

# Shared by the environments, whose destroys keep it: one build, pushed once, runs everywhere.
resource "aws_ecr_repository" "this" {
  # checkov:skip=CKV_AWS_136:encrypted with the registry's own key; images hold no secrets, and a key of our own costs 1 USD a month
  # A stack that was deployed earlier has its own repository, which uses the name alone.
  name = "${var.name}-shared"
  # A deployed tag always names the same image.
  image_tag_mutability = "IMMUTABLE"
  force_delete         = false

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "AES256"
  }

  lifecycle {
    # All environments pull their images from here.
    prevent_destroy = true
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name

  # A tag from a deployment protects an image from the last rule, because a later rule cannot expire what matches an
  # earlier one. Within a rule the age of the push counts, so an image that an environment went back to must be among
  # its 1000 newest: https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
  policy = jsonencode({
    rules = [for index, rule in concat(
      [for environment in keys(var.environments) : {
        description = "Keep the newest 1000 images that ${environment} ran"
        selection   = { tagStatus = "tagged", tagPrefixList = ["runs-${environment}-"], countType = "imageCountMoreThan", countNumber = 1000 }
      }],
      [{
        description = "Keep the newest ${var.keep_images} images, deployed or not"
        selection   = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = var.keep_images }
      }],
    ) : merge(rule, { rulePriority = index + 1, action = { type = "expire" } })]
  })
}

module "delivery" {
  source = "../../../modules/aws/delivery"

  name           = var.name
  environments   = var.environments
  machines       = var.machines
  platforms      = var.platforms
  zones          = var.zones
  github         = var.github
  store          = module.state.store
  repository_url = aws_ecr_repository.this.repository_url
}
