resource "aws_iam_role" "schedule" {
  name                 = "${local.job}-schedule"
  description          = "Starts the probe of ${var.name}"
  permissions_boundary = var.boundary

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "schedule" {
  name = "run-probe"
  role = aws_iam_role.schedule.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Action    = "ecs:RunTask"
        Resource  = [local.family_arn, "${local.family_arn}:*"]
        Condition = { ArnEquals = { "ecs:cluster" = var.platform } }
      },
      {
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = var.identity_id.execution
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
    ]
  })
}

resource "aws_iam_role_policy" "log" {
  name = "write-probe-log"
  role = regex("[^/]+$", var.identity_id.execution)

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.this.arn}:*"
    }]
  })
}
