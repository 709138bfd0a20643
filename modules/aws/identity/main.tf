data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  # What each role is for, and who uses it.
  roles = {
    task      = "What the service itself may do in AWS"
    execution = "What ECS does for the service: pull its image, write its log"
  }
}

# These roles have no rights: the module that owns a bucket, registry or log grants them.
resource "aws_iam_role" "this" {
  for_each = local.roles

  name                 = "${var.name}-${each.key}"
  description          = each.value
  permissions_boundary = var.boundary

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      # Only for tasks of this account and region:
      # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
      Condition = {
        StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id }
        ArnLike = { "aws:SourceArn" = join(":", [
          "arn", data.aws_partition.current.partition, "ecs", data.aws_region.current.id, data.aws_caller_identity.current.account_id, "*",
        ]) }
      }
    }]
  })
}
