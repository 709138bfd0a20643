# By name, wherever AWS lets a right name what it is for. It does not for numbers of CloudWatch and for
# descriptions of networks and load balancers, so these are not among them:
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
        Resource = [
          "${local.arn.ecs}:cluster/${each.value}",
          "${local.arn.ecs}:service/${each.value}/*",
          "${local.arn.ecs}:task/${each.value}/*",
        ]
      },
      {
        Sid       = "Tasks"
        Effect    = "Allow"
        Action    = ["ecs:ListServices", "ecs:ListTasks"]
        Resource  = "*"
        Condition = { ArnEquals = { "ecs:cluster" = "${local.arn.ecs}:cluster/${each.value}" } }
      },
      {
        Sid      = "Log"
        Effect   = "Allow"
        Action   = ["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents", "logs:StartQuery"]
        Resource = "${local.arn.logs}:log-group:/meridian/${each.value}/*"
      },
      {
        Sid      = "Alarms"
        Effect   = "Allow"
        Action   = ["cloudwatch:DescribeAlarmHistory", "cloudwatch:DescribeAlarms"]
        Resource = "${local.arn.cloudwatch}:alarm:${each.value}-*"
      },
      {
        Sid      = "Images"
        Effect   = "Allow"
        Action   = ["ecr:DescribeImages", "ecr:DescribeImageScanFindings", "ecr:ListImages"]
        Resource = [local.repository, "arn:${local.partition}:ecr:${local.region}:${local.account}:repository/${each.value}"]
      },
    ]
  })
}
