locals {
  # Adapts policies/, written for a stack whose name begins with meridian, to each environment. In parts, because AWS
  # allows 6,144 characters each: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
  machines = { for environment in keys(var.environments) : environment => compact([lookup(var.machines, environment, "")]) }
  # A platform and its services are everything whose name begins with the platform's name and a hyphen.
  platforms = { for environment in keys(var.environments) : environment => [for name in compact([lookup(var.platforms, environment, "")]) : "${name}-"] }
  parts = merge([for environment, stack in var.environments : {
    "${environment}/network"  = concat([stack], local.machines[environment], local.platforms[environment])
    "${environment}/service"  = [stack]
    "${environment}/platform" = local.platforms[environment]
    "${environment}/machine"  = local.machines[environment]
  }]...)
  written = { for part, file in { network = "network", service = "service", platform = "service", machine = "machine", boundary = "boundary" } :
    part => jsondecode(file("${path.module}/policies/${file}.json")).Statement
  }
  # Each statement about meridian*, repeated for each of the names.
  policies = { for key, names in local.parts : key => [for statement in local.written[split("/", key)[1]] : merge(statement, {
    Resource = distinct(flatten([for resource in flatten([statement.Resource]) : [for name in names :
      replace(replace(resource, "meridian*", "${name}*"), "arn:aws:", "arn:${local.partition}:")
    ]]))
    }, can(statement.Condition) ? {
    Condition = jsondecode(replace(replace(jsonencode(statement.Condition),
      "\"meridian*\"", jsonencode([for name in names : "${name}*"])),
      "\"arn:aws:iam::*:policy/meridian*-boundary\"", jsonencode([for name in names : "${local.iam}:policy/${trimsuffix(name, "-")}-boundary"])
    ))
  } : {})] if length(names) > 0 }
}

# Whoever deploys a service decides what it may do, but only within this boundary: no deployer can create a role without
# it or with another one, or change it.
resource "aws_iam_policy" "boundary" {
  # If a stack and a platform have the same name, they share the stack's boundary, because NAME* includes NAME-*.
  for_each = { for name in concat(values(var.environments), flatten([values(local.machines), values(local.platforms)])) : trimsuffix(name, "-") => name... }

  name        = "${each.key}-boundary"
  description = "The most that a role of ${each.key} may ever do"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for statement in local.written.boundary : merge(statement, {
      Resource = [
        for resource in flatten([statement.Resource]) :
        replace(replace(resource, "meridian*", "${each.value[0]}*"), "arn:aws:", "arn:${local.partition}:")
      ]
    })]
  })
}

resource "aws_iam_policy" "deployer" {
  for_each = local.policies

  name        = "${var.environments[split("/", each.key)[0]]}-deployer-${split("/", each.key)[1]}"
  path        = "/delivery/"
  description = "Pipeline of ${split("/", each.key)[0]}: the part ${split("/", each.key)[1]}"
  policy      = jsonencode({ Version = "2012-10-17", Statement = each.value })
}

resource "aws_iam_role_policy_attachment" "deployer" {
  for_each = aws_iam_policy.deployer

  role       = aws_iam_role.deployer[split("/", each.key)[0]].name
  policy_arn = each.value.arn
}

# Rights to what belongs to the pipeline, not to a stack: its state, the shared repository, its domain's zone.
resource "aws_iam_role_policy" "deployer" {
  for_each = var.environments

  name = "deploy"
  role = aws_iam_role.deployer[each.key].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      # Production uses Terraform's default workspace, every other environment one of its own name:
      # https://developer.hashicorp.com/terraform/language/backend/s3
      {
        Sid    = "State"
        Effect = "Allow"
        Action = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
        Resource = concat(
          [for key in concat(["stack", "vm"], [for name in local.platforms[each.key] : "platform"]) :
          "${var.store}/${each.key == "production" ? "" : "env:/${each.key}/"}${key}.tfstate*"],
          # Each service on the platform has a workspace of its own.
          [for name in local.platforms[each.key] : "${var.store}/env:/${each.key}_*/stack.tfstate*"],
        )
      },
      { Sid = "States", Effect = "Allow", Action = "s3:ListBucket", Resource = var.store },
      # Every environment may push and pull images here; none may delete the repository.
      {
        Sid    = "SharedRepository"
        Effect = "Allow"
        Action = [
          for action in one([for statement in local.written.service : statement.Action if statement.Sid == "Images"]) :
          action if can(regex("Layer|Image$|ListTags", action))
        ]
        Resource = local.repository
      },
      {
        Sid    = "SharedRepositoryStays"
        Effect = "Deny"
        Action = [
          "ecr:DeleteLifecyclePolicy", "ecr:DeleteRepository", "ecr:PutImageTagMutability", "ecr:PutLifecyclePolicy", "ecr:SetRepositoryPolicy",
        ]
        Resource = local.repository
      },
      ], [for statement in [
        { Sid = "RecordsChange", Effect = "Allow", Action = ["route53:GetChange"], Resource = "arn:${local.partition}:route53:::change/*" },
        {
          Sid      = "Records"
          Effect   = "Allow"
          Action   = ["route53:ChangeResourceRecordSets", "route53:GetHostedZone", "route53:ListResourceRecordSets", "route53:ListTagsForResource"]
          Resource = "arn:${local.partition}:route53:::hostedzone/${lookup(var.zones, each.key, "")}"
        },
    ] : statement if contains(keys(var.zones), each.key)])
  })
}
