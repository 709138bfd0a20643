data "aws_region" "current" {}

locals {
  container = "service"
  # Meridian's by number, so that ECS need not look into the image.
  user = var.service.user == null && var.service.meridian ? "65532" : var.service.user
  # The stable image always runs, a canary's beside it.
  images = merge({ stable = var.image }, var.canary == null ? {} : { canary = var.canary.image })
}

resource "aws_ecs_task_definition" "this" {
  for_each = local.images

  family                   = "${var.name}-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu * 1024
  memory                   = var.memory
  task_role_arn            = var.identity_id.task
  execution_role_arn       = var.identity_id.execution

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  # Every default is explicit: ECS returns all of them, and a difference would replace the definition at every apply.
  container_definitions = jsonencode([merge({
    name           = local.container
    image          = each.value
    essential      = true
    cpu            = 0
    command        = var.service.args == null ? [] : var.service.args
    mountPoints    = []
    volumesFrom    = []
    systemControls = []
    # At least ECS's own default.
    stopTimeout            = max(30, var.service.stop_seconds)
    privileged             = false
    readonlyRootFilesystem = true

    portMappings = [
      for port in distinct([var.entry.ports.service, var.entry.ports.health]) :
      { containerPort = port, hostPort = port, protocol = "tcp" }
    ]

    # Sorted by name, as ECS returns it.
    environment = [for name, value in merge(var.environment, {
      PORT                = tostring(var.entry.ports.service)
      MERIDIAN_ADMIN_PORT = tostring(var.entry.ports.health)
      # Responses name the image that they come from, so that a canary can be told apart from the stable version.
      MERIDIAN_VERSION = split("@", each.value)[1]
      # The load balancer appends the address that it sees; anything to the left of it comes from the client.
      MERIDIAN_CLIENT_ADDRESS = "x-forwarded-for:1"
    }) : { name = name, value = value }]

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = data.aws_region.current.id
        awslogs-stream-prefix = each.key
        # A log that cannot be written must not stop the service.
        mode            = "non-blocking"
        max-buffer-size = "10m"
      }
      secretOptions = []
    }

    linuxParameters = merge(
      { capabilities = { add = [], drop = ["ALL"] }, initProcessEnabled = false },
      # In memory and writable for everybody: a volume would belong to root and shut out any other user:
      # https://github.com/aws/containers-roadmap/issues/938
      { for key, mounts in {
        tmpfs = [for path, size in var.service.writable : { containerPath = path, size = size, mountOptions = ["mode=1777"] }]
      } : key => mounts if length(mounts) > 0 },
    )
    },
    # Omitted unless set: the image's own values apply.
    { for key, value in { user = local.user, entryPoint = var.service.entrypoint } : key => value if value != null },
    { for key, secrets in {
      secrets = [for name, arn in var.service.secrets : { name = name, valueFrom = arn }]
    } : key => secrets if length(secrets) > 0 },
  )])

  # The old definition stays until the service no longer uses it, because a rollback needs it.
  lifecycle {
    create_before_destroy = true
  }
}

locals {
  log_group = "/meridian/${var.name}/service"
}

resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_158:CloudWatch encrypts with its own key; the log holds no secrets, and a key of our own costs 1 USD a month
  # checkov:skip=CKV_AWS_338:addresses of visitors are not kept for a year
  name              = local.log_group
  retention_in_days = var.service.log_days
}

resource "aws_iam_role_policy" "log" {
  name = "write-service-log"
  # The role's name is the last part of its ARN.
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

locals {
  # ARNs without their optional suffix, a key in the JSON and a version: ARN:KEY:STAGE:VERSION.
  secrets = { for action, service in { "secretsmanager:GetSecretValue" = "secretsmanager", "ssm:GetParameters" = "ssm" } :
    action => distinct([for arn in values(var.service.secrets) : regex("^(?:[^:]+:){5}(?:secret:)?[^:]+", arn) if split(":", arn)[2] == service])
  }
}

# ECS reads secrets when a task starts, so a changed secret arrives with the next task.
resource "aws_iam_role_policy" "secrets" {
  count = length(var.service.secrets) > 0 ? 1 : 0

  # The name depends on the secrets, so that the right to previous ones is removed only after the service no longer uses
  # them. Until then, a restarting task reads them.
  name = "read-service-secrets-${substr(sha256(jsonencode(local.secrets)), 0, 8)}"
  role = regex("[^/]+$", var.identity_id.execution)

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for action, arns in local.secrets : { Effect = "Allow", Action = action, Resource = arns } if length(arns) > 0]
  })

  lifecycle {
    create_before_destroy = true
  }
}
