data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.id
  # arn:PARTITION:SERVICE:REGION:ACCOUNT:, up to the resource.
  arn = { for service in ["cloudwatch", "ecs", "logs"] : service => "arn:${local.partition}:${service}:${local.region}:${local.account}" }
  iam = "arn:${local.partition}:iam::${local.account}"
  ecr = regex("^[0-9]{12}\\.dkr\\.ecr\\.(?P<region>[a-z0-9-]+)\\.amazonaws\\.com(?:\\.cn)?/(?P<path>.+)$", var.repository_url)
  # The repository that the environments share.
  repository = "arn:${local.partition}:ecr:${local.ecr.region}:${local.account}:repository/${local.ecr.path}"
}

# An account can have only one provider for each URL, so an existing one is used.
resource "aws_iam_openid_connect_provider" "github" {
  count = var.github == null ? 0 : var.github.provider == null ? 1 : 0

  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

# A separate path: a deployer may create roles with its stack's name, and must not reach these.
resource "aws_iam_role" "planner" {
  name                 = "${var.name}-planner"
  path                 = "/delivery/"
  description          = "Pipeline: reads what there is in every environment, to plan"
  max_session_duration = 3600
  assume_role_policy   = jsonencode({ Version = "2012-10-17", Statement = local.trust["planner"] })
}

resource "aws_iam_role" "deployer" {
  for_each = var.environments

  name        = "${each.value}-deployer"
  path        = "/delivery/"
  description = "Pipeline: applies, in the environment ${each.key} alone"
  # A first apply takes ten minutes, a canary thirty.
  max_session_duration = 7200
  assume_role_policy   = jsonencode({ Version = "2012-10-17", Statement = local.trust["deployer-${each.key}"] })
}

resource "aws_iam_role" "viewer" {
  for_each = var.environments

  name                 = "${each.value}-viewer"
  path                 = "/delivery/"
  description          = "People who may look at ${each.value} and the services of its platform only"
  max_session_duration = 3600

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      # Anyone with a right in the account to assume this role; this trust alone lets nobody in.
      Principal = { AWS = "${local.iam}:root" }
      Action    = "sts:AssumeRole"
    }]
  })
}
