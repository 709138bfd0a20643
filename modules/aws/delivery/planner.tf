locals {
  # What a refresh of stacks/aws and stacks/vm/aws reads, by service. In most services these actions cannot be limited
  # to a resource, and they reveal only settings.
  reads = [
    "acm:DescribeCertificate", "acm:ListCertificates", "acm:ListTagsForCertificate",
    "application-autoscaling:DescribeScalableTargets", "application-autoscaling:DescribeScalingPolicies", "application-autoscaling:ListTagsForResource",
    "autoscaling:Describe*",
    "cloudwatch:DescribeAlarms", "cloudwatch:GetDashboard", "cloudwatch:ListTagsForResource",
    "ec2:Describe*",
    "ecr:DescribeImages", "ecr:DescribeRepositories", "ecr:GetLifecyclePolicy", "ecr:GetRepositoryPolicy", "ecr:ListTagsForResource",
    "ecs:DescribeClusters", "ecs:DescribeServices", "ecs:DescribeTaskDefinition", "ecs:ListServiceDeployments", "ecs:ListServices", "ecs:ListTagsForResource",
    "elasticloadbalancing:Describe*", "elasticloadbalancing:GetLoadBalancerWebACL",
    "iam:GetInstanceProfile", "iam:GetOpenIDConnectProvider", "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies",
    "iam:ListInstanceProfilesForRole", "iam:ListRolePolicies",
    "logs:DescribeLogGroups", "logs:DescribeMetricFilters", "logs:ListTagsForResource",
    "route53:GetChange", "route53:GetHostedZone", "route53:ListHostedZones", "route53:ListResourceRecordSets", "route53:ListTagsForResource",
    "scheduler:GetSchedule", "scheduler:GetScheduleGroup", "scheduler:ListTagsForResource",
    "sns:GetSubscriptionAttributes", "sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:ListTagsForResource",
    "wafv2:GetWebACL", "wafv2:GetWebACLForResource", "wafv2:ListTagsForResource",
  ]
  # Reads of a bucket and of its documents, which everybody may read under /api anyway.
  bucket_reads = [
    "s3:GetBucket*", "s3:GetAccelerateConfiguration", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration", "s3:ListBucket", "s3:GetObject", "s3:GetObjectTagging",
  ]
}

# Writes nothing, not even a lock: a pipeline plans with -lock=false. If somebody applies in the meantime, the plan is
# stale, and Terraform refuses to apply it.
resource "aws_iam_role_policy" "planner" {
  name = "plan"
  role = aws_iam_role.planner.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "State", Effect = "Allow", Action = ["s3:GetObject", "s3:ListBucket"], Resource = [var.store, "${var.store}/*"] },
      {
        Sid    = "Documents"
        Effect = "Allow"
        Action = local.bucket_reads
        Resource = [for stack in concat(values(var.environments), [for name in values(var.platforms) : "${name}-*"]) :
        "arn:${local.partition}:s3:::${stack}-documents-*"]
      },
      # AWS's own, such as the newest machine image; others may hold secrets, and a plan runs a pull request's code.
      { Sid = "MachineImage", Effect = "Allow", Action = "ssm:GetParameter", Resource = "arn:${local.partition}:ssm:*::parameter/aws/service/*" },
      { Sid = "Settings", Effect = "Allow", Action = local.reads, Resource = "*" },
    ]
  })
}
