data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  job       = "${var.name}-probe"
  log_group = "/meridian/${var.name}/probe"
  # Without a revision, so that rights apply to all revisions.
  family_arn = join(":", [
    "arn", data.aws_partition.current.partition, "ecs", data.aws_region.current.id, data.aws_caller_identity.current.account_id,
    "task-definition/${local.job}",
  ])

  # Maximum seconds of a run; ECS allows at most 120, and a check takes some ten.
  limit = 60

  # Every default is explicit, as in the module service.
  container = {
    image                  = var.image
    essential              = true
    cpu                    = 0
    user                   = "65532"
    command                = ["probe", "--format", "json", var.url]
    environment            = []
    portMappings           = []
    mountPoints            = []
    volumesFrom            = []
    systemControls         = []
    linuxParameters        = { capabilities = { add = [], drop = ["ALL"] }, initProcessEnabled = false }
    privileged             = false
    readonlyRootFilesystem = true

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = data.aws_region.current.id
        awslogs-stream-prefix = "probe"
        # The verdict is all that this task is for: better late than lost.
        mode = "blocking"
      }
      secretOptions = []
    }
  }
}

resource "aws_ecs_task_definition" "this" {
  family                   = local.job
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  # Fargate's smallest size, which is enough.
  cpu                = 256
  memory             = 512
  execution_role_arn = var.identity_id.execution

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  # ECS has no time limit for tasks (https://github.com/aws/containers-roadmap/issues/572), and an image that is not a
  # probe would serve forever. So a second container waits for the first to become healthy, which no health check
  # confirms in time. After startTimeout it gives up without having run, and the task stops. A check that ends stops the
  # task earlier. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
  container_definitions = jsonencode([
    merge(local.container, {
      name         = "probe"
      startTimeout = local.limit
      # First runs long after the limit. If it runs earlier all the same, it fails: no image has this path.
      healthCheck = { command = ["CMD", "/never/healthy"], interval = 300, retries = 3, timeout = 5 }
    }),
    merge(local.container, {
      name      = "limit"
      dependsOn = [{ containerName = "probe", condition = "HEALTHY" }]
    }),
  ])

  # The old one stays until the schedule no longer uses it.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_security_group" "this" {
  # checkov:skip=CKV2_AWS_5:the schedule's tasks have it, where this check does not look
  name_prefix = "${local.job}-"
  description = "Probe of ${var.name}: nobody reaches it"
  vpc_id      = var.network_id

  tags = { Name = local.job }

  lifecycle {
    create_before_destroy = true
  }
}

# 443 for image and log, 80 or 443 for the service.
resource "aws_vpc_security_group_egress_rule" "this" {
  for_each = toset(["80", "443"])

  security_group_id = aws_security_group.this.id
  description       = "To the service, the registry and the log"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.key)
  to_port           = tonumber(each.key)
}

# var.platform makes this wait until the service is healthy. So if a new image does not start, checks go on with the
# image that serves.
resource "aws_scheduler_schedule" "this" {
  # checkov:skip=CKV_AWS_297:the schedule holds no secrets; a key of our own costs 1 USD a month
  name                = local.job
  description         = "Checks ${var.url} every ${var.every_minutes} minutes"
  schedule_expression = var.every_minutes == 60 ? "cron(0 * * * ? *)" : "cron(0/${var.every_minutes} * * * ? *)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = var.platform
    role_arn = aws_iam_role.schedule.arn

    ecs_parameters {
      task_definition_arn    = aws_ecs_task_definition.this.arn
      launch_type            = "FARGATE"
      platform_version       = "1.4.0"
      task_count             = 1
      enable_execute_command = false

      network_configuration {
        subnets          = var.private_subnet_ids
        security_groups  = [aws_security_group.this.id]
        assign_public_ip = false
      }
    }

    retry_policy {
      # The next run is soon, and a late one would count for the wrong period.
      maximum_retry_attempts       = 0
      maximum_event_age_in_seconds = 60
    }
  }

  depends_on = [aws_iam_role_policy.schedule, aws_iam_role_policy.log, aws_vpc_security_group_egress_rule.this]
}
