locals {
  # The stack and everything on the platform.
  viewed = { for environment, stack in var.environments : environment => concat([stack], [for prefix in local.platforms[environment] : "${prefix}*"]) }
}

# Limited by name where AWS allows that. It does not for CloudWatch metrics or for descriptions of networks and load
# balancers, so these are not included:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
resource "aws_iam_role_policy" "viewer" {
  for_each = var.environments

  name = "view"
  role = aws_iam_role.viewer[each.key].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Service"
        Effect = "Allow"
        Action = ["ecs:DescribeClusters", "ecs:DescribeServices", "ecs:DescribeTasks"]
        Resource = flatten([for name in local.viewed[each.key] : [
          "${local.arn.ecs}:cluster/${name}",
          "${local.arn.ecs}:service/${name}/*",
          "${local.arn.ecs}:task/${name}/*",
        ]])
      },
      {
        Sid       = "Tasks"
        Effect    = "Allow"
        Action    = ["ecs:ListServices", "ecs:ListTasks"]
        Resource  = "*"
        Condition = { ArnLike = { "ecs:cluster" = [for name in local.viewed[each.key] : "${local.arn.ecs}:cluster/${name}"] } }
      },
      {
        Sid      = "Log"
        Effect   = "Allow"
        Action   = ["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents", "logs:GetQueryResults", "logs:StartQuery"]
        Resource = [for name in local.viewed[each.key] : "${local.arn.logs}:log-group:/meridian/${name}/*"]
      },
      {
        Sid      = "Alarms"
        Effect   = "Allow"
        Action   = ["cloudwatch:DescribeAlarmHistory", "cloudwatch:DescribeAlarms"]
        Resource = [for name in local.viewed[each.key] : "${local.arn.cloudwatch}:alarm:${trimsuffix(name, "-*")}-*"]
      },
      {
        Sid    = "Images"
        Effect = "Allow"
        Action = ["ecr:DescribeImages", "ecr:DescribeImageScanFindings", "ecr:ListImages"]
        Resource = concat([local.repository], [for name in local.viewed[each.key] :
          "arn:${local.partition}:ecr:${local.region}:${local.account}:repository/${name}"
        ])
      },
    ]
  })
}
