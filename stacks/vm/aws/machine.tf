locals {
  boot = templatefile("${path.module}/../boot/cloud-config.yaml.tftpl", {
    identity    = trimspace(file("${path.module}/identity.sh"))
    packages    = ["docker"]
    image       = module.image.image
    greeting    = var.greeting
    memory      = var.memory
    certificate = var.certificate
    # Does not hold up the service while CloudWatch is unavailable:
    # https://docs.docker.com/engine/logging/drivers/awslogs/
    log_options = join(" --log-opt ", [
      "--log-driver awslogs", "awslogs-region=${var.region}", "awslogs-group=${aws_cloudwatch_log_group.this.name}", "tag={{.ID}}",
      "mode=non-blocking",
    ])
  })
}

# The newest Amazon Linux 2023: a newer one shows up in the plan, and applying that replaces the machines.
data "aws_ssm_parameter" "ami" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_158:CloudWatch encrypts with its own key; a key of our own costs 1 USD a month and hides addresses from nobody
  # checkov:skip=CKV_AWS_338:a month is enough to see who requested what; a year multiplies the bill by twelve
  name              = "/meridian/${var.name}/machine"
  retention_in_days = 30
}

resource "aws_launch_template" "this" {
  # checkov:skip=CKV_AWS_88:the machine's own address is its way to the internet, see network.tf
  name                   = var.name
  image_id               = nonsensitive(data.aws_ssm_parameter.ami.value)
  instance_type          = var.machine_type
  user_data              = base64encode(local.boot)
  update_default_version = true

  iam_instance_profile {
    arn = aws_iam_instance_profile.machine.arn
  }

  network_interfaces {
    associate_public_ip_address = true
    delete_on_termination       = true
    security_groups             = [aws_security_group.machine.id]
  }

  # Credentials only for requests with a token from the machine itself: a container is one hop further.
  # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
    instance_metadata_tags      = "disabled"
  }

  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_size           = 16 # GiB, 1.28 USD a month
      volume_type           = "gp3"
      encrypted             = "true"
      delete_on_termination = "true"
    }
  }

  dynamic "tag_specifications" {
    for_each = toset(["instance", "volume", "network-interface"])
    content {
      resource_type = tag_specifications.value
      tags          = { Name = var.name, Project = "meridian", Stack = var.name }
    }
  }
}

# Keeps the machines serving: one whose service does not answer the load balancer is replaced. Every replacement starts
# the new machine, waits until it serves, and only then ends the old one.
resource "aws_autoscaling_group" "this" {
  name                = var.name
  desired_capacity    = var.machines
  min_size            = var.machines
  max_size            = 2 * var.machines # room for the new ones beside the old
  vpc_zone_identifier = [for subnet in aws_subnet.this : subnet.id]
  target_group_arns   = [for group in aws_lb_target_group.this : group.arn]
  health_check_type   = "ELB"
  # Seconds to start, install Docker and pull the image.
  health_check_grace_period = 240
  default_instance_warmup   = 30
  wait_for_elb_capacity     = var.machines
  wait_for_capacity_timeout = "15m"

  launch_template {
    id      = aws_launch_template.this.id
    version = aws_launch_template.this.latest_version
  }

  instance_maintenance_policy {
    min_healthy_percentage = 100
    max_healthy_percentage = 200
  }

  instance_refresh {
    strategy = "Rolling"
    preferences {
      min_healthy_percentage = 100
      max_healthy_percentage = 200
      # AWS would roll back to the group's previous version, but the provider sets the new one first, so that the
      # rollout of the broken one would never end: https://github.com/hashicorp/terraform-provider-aws/issues/34189
      auto_rollback = false
    }
  }

  dynamic "tag" {
    for_each = { Name = var.name, Project = "meridian", Stack = var.name }
    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = false
    }
  }

  # A machine that starts before these can neither be reached, nor pull its image, nor write its log.
  depends_on = [
    aws_lb_listener.this,
    aws_route_table_association.this,
    aws_vpc_security_group_ingress_rule.this,
    aws_vpc_security_group_egress_rule.this,
    aws_iam_role_policy.pull,
    aws_iam_role_policy.log,
    aws_iam_role_policy.certificate,
  ]
}
