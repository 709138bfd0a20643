locals {
  # The services that stacks/aws and stacks/vm/aws are made of.
  services = ["acm", "application-autoscaling", "autoscaling", "cloudwatch", "ec2", "ecr", "ecs", "elasticloadbalancing", "logs", "route53", "scheduler", "sns", "wafv2"]
}

# Whoever deploys a service decides what it may do, so this is as good as an administrator of these
# services; what it cannot do is change who may deploy, or states of other environments.
resource "aws_iam_role_policy" "deployer" {
  for_each = var.environments

  name = "deploy"
  role = aws_iam_role.deployer[each.key].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      # Production has Terraform's default workspace, others have one of their name:
      # https://developer.hashicorp.com/terraform/language/backend/s3
      {
        Sid      = "State"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
        Resource = [for key in ["stack", "vm"] : "${var.store}/${each.key == "production" ? "" : "env:/${each.key}/"}${key}.tfstate*"]
      },
      { Sid = "States", Effect = "Allow", Action = "s3:ListBucket", Resource = var.store },
      { Sid = "Documents", Effect = "Allow", Action = "s3:*", Resource = ["arn:${local.partition}:s3:::${each.value}-documents-*"] },
      { Sid = "Services", Effect = "Allow", Action = [for service in local.services : "${service}:*"], Resource = "*" },
      { Sid = "MachineImage", Effect = "Allow", Action = "ssm:GetParameter", Resource = "arn:${local.partition}:ssm:*::parameter/aws/service/*" },
      {
        Sid    = "Roles"
        Effect = "Allow"
        Action = [
          "iam:AddRoleToInstanceProfile", "iam:AttachRolePolicy", "iam:CreateInstanceProfile", "iam:CreateRole", "iam:DeleteInstanceProfile",
          "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:GetInstanceProfile", "iam:GetRole", "iam:GetRolePolicy",
          "iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole", "iam:ListRolePolicies", "iam:PassRole", "iam:PutRolePolicy",
          "iam:RemoveRoleFromInstanceProfile", "iam:TagInstanceProfile", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole",
        ]
        Resource = ["${local.iam}:role/${each.value}-*", "${local.iam}:instance-profile/${each.value}-*"]
      },
      {
        Sid       = "RolesOfServices"
        Effect    = "Allow"
        Action    = "iam:CreateServiceLinkedRole"
        Resource  = "${local.iam}:role/aws-service-role/*"
        Condition = { StringEquals = { "iam:AWSServiceName" = ["autoscaling.amazonaws.com", "ecs.amazonaws.com", "ecs.application-autoscaling.amazonaws.com", "elasticloadbalancing.amazonaws.com", "wafv2.amazonaws.com"] } }
      },
      # The shared repository takes images from every environment, and is none's to delete.
      { Sid = "SharedRepository", Effect = "Deny", Action = ["ecr:DeleteRepository", "ecr:SetRepositoryPolicy", "ecr:PutLifecyclePolicy", "ecr:PutImageTagMutability"], Resource = local.repository },
    ]
  })
}
