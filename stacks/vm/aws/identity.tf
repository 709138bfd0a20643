locals {
  boundary = var.boundary ? "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:policy/${var.name}-boundary" : null
}

data "aws_caller_identity" "current" {}

resource "aws_iam_role" "machine" {
  name                 = "${var.name}-machine"
  description          = "What the machine may do in AWS; its container gets none of it"
  permissions_boundary = local.boundary

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ec2.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_instance_profile" "machine" {
  name = aws_iam_role.machine.name
  role = aws_iam_role.machine.name
}

resource "aws_iam_role_policy" "pull" {
  count = length(local.pulls)

  name = "pull-image"
  role = aws_iam_role.machine.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = local.pulls[count.index]
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
}

resource "aws_iam_role_policy" "log" {
  name = "write-log"
  role = aws_iam_role.machine.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.this.arn}:*"
    }]
  })
}

# A shell through Session Manager, without SSH or open ports. AWS's own policy also reads every parameter of the account:
# https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html
resource "aws_iam_role_policy" "session" {
  # checkov:skip=CKV_AWS_290:these have no resource to name, by AWS's service authorization reference
  # checkov:skip=CKV_AWS_355:the same
  name = "session"
  role = aws_iam_role.machine.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Action = [
        "ssm:UpdateInstanceInformation", "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
      ]
      Resource = "*"
    }]
  })
}

resource "aws_iam_role_policy" "certificate" {
  count = var.certificate == null ? 0 : 1

  name = "read-certificate"
  role = aws_iam_role.machine.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "secretsmanager:GetSecretValue"
      Resource = var.certificate.secret
    }]
  })
}
