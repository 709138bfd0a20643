locals {
  # Like a service's name, so that a right to NAME-* covers everything on the platform.
  name     = "${var.name}-platform"
  boundary = var.boundary ? "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:policy/${var.name}-boundary" : null

  # Previews use the last slots, the first preview the very last.
  services = merge(var.services, { for number in range(1, var.previews + 1) : "p${number}" => {
    slot = 50 - number, check = { path = "/now", status = 200 }, request_seconds = 30
  } })
  hosts = { for key in keys(local.services) : key => "${key}.${var.domain.name}" }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

module "network" {
  source = "../../../modules/aws/network"

  name     = local.name
  boundary = local.boundary
  cidr     = var.cidr
  nat      = var.nat

  zones = var.zones
}

module "registry" {
  source = "../../../modules/aws/registry"

  name           = local.name
  keep_images    = var.keep_images
  repository_url = var.repository_url
  reader         = null
}

module "alerts" {
  source = "../../../modules/aws/alerts"

  name  = local.name
  email = var.email
}

module "edge" {
  source = "../../../modules/aws/edge"

  name              = local.name
  domain            = var.domain
  waf               = var.waf
  network_id        = module.network.network_id
  public_subnet_ids = module.network.public_subnet_ids
  target_group_arn  = null
  cidr              = var.cidr
  # A load balancer has one limit for all services.
  service = { request_seconds = max(30, [for service in local.services : service.request_seconds]...) }
}

# Responses that the load balancer gives in a service's place: a service's alarms count only those of its own instances.
resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${local.name}-errors"
  alarm_description   = "The load balancer itself gave at least 5 responses with status 5xx in five minutes: probably a service has no healthy instance."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HTTPCode_ELB_5XX_Count"
  dimensions          = { LoadBalancer = module.edge.edge_id }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 5
  # Without requests there are no errors.
  treat_missing_data = "notBreaching"
  alarm_actions      = [module.alerts.channel]
  ok_actions         = [module.alerts.channel]
}

# With the load balancer, AWS deletes the rules of every service; it does not delete the network while services are in
# it. So this is destroyed first, and refuses while its service exists; nor can anything under the service be replaced.
resource "terraform_data" "stands" {
  for_each = local.hosts

  input = { key = each.key, name = "${var.name}-${each.key}", region = var.region }

  triggers_replace = { listener = module.edge.listener_arn, network = module.network.network_id, host = each.value, name = var.name }

  provisioner "local-exec" {
    when        = destroy
    interpreter = ["bash", "-ec"]
    command     = <<-EOT
      if answer=$(aws elbv2 describe-target-groups --names "$NAME-stable" --region "$REGION" --output text 2>&1); then
        echo "$NAME stands on the platform. Remove it first: ./taskw destroy-aws SERVICE=$KEY" >&2
        exit 1
      fi
      [[ $answer == *TargetGroupNotFound* ]] || { echo "$answer" >&2; exit 1; }
    EOT

    environment = { KEY = self.input.key, NAME = self.input.name, REGION = self.input.region }
  }

  # Everything, so that nothing is deleted before this refuses.
  depends_on = [module.network, module.registry, module.alerts, module.edge, aws_cloudwatch_metric_alarm.errors]
}
