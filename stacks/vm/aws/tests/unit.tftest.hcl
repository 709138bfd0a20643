# terraform.tfvars as it is committed, unless a run says otherwise.
mock_provider "aws" {
  source = "../../../modules/aws"

  mock_data "aws_ssm_parameter" {
    defaults = { value = "ami-0123456789abcdef0" }
  }

  mock_resource "aws_iam_instance_profile" {
    defaults = { arn = "arn:aws:iam::123456789012:instance-profile/meridian-hello-machine" }
  }

  mock_resource "aws_launch_template" {
    defaults = { id = "lt-0123456789abcdef0", latest_version = 7 }
  }
}

variables {
  image = "example.com/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
}

run "with_the_variables_above" {
  assert {
    condition = toset([for rule in aws_vpc_security_group_ingress_rule.this : "${rule.ip_protocol} ${rule.from_port}-${rule.to_port} from ${rule.cidr_ipv4}"]) == toset([
      "tcp 80-80 from 0.0.0.0/0",
      "tcp 443-443 from 0.0.0.0/0",
      "icmp -1--1 from 0.0.0.0/0",
      "tcp 22-22 from 104.154.0.0/15",
      "tcp 0-65535 from 10.30.0.0/16",
      "udp 0-65535 from 10.30.0.0/16",
    ])
    error_message = "The firewall must let in exactly what the list says."
  }
  assert {
    # Each rule names one source, and it is the one compared above.
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.this : rule.cidr_ipv6 == null && rule.prefix_list_id == null && rule.referenced_security_group_id == null])
    error_message = "Each rule must have only one source."
  }
  assert {
    condition     = aws_vpc_security_group_egress_rule.this.ip_protocol == "-1" && aws_vpc_security_group_egress_rule.this.cidr_ipv4 == "0.0.0.0/0"
    error_message = "The firewall must let everything out."
  }
  assert {
    condition     = length(aws_default_security_group.this.ingress) == 0 && length(aws_default_security_group.this.egress) == 0
    error_message = "The default security group must be empty."
  }
  assert {
    condition     = [for rule in concat(tolist(aws_default_network_acl.this.ingress), tolist(aws_default_network_acl.this.egress)) : "${rule.rule_no} ${rule.action} ${rule.protocol} ${rule.cidr_block}"] == ["100 allow -1 0.0.0.0/0", "100 allow -1 0.0.0.0/0"]
    error_message = "The default network ACL must stay as AWS creates it: one rule each way that allows everything."
  }
  assert {
    condition     = aws_launch_template.this.network_interfaces[0].security_groups == toset([aws_security_group.machine.id]) && alltrue([for rule in aws_vpc_security_group_ingress_rule.this : rule.security_group_id == aws_security_group.machine.id])
    error_message = "The machine must have one security group only, with all of the rules."
  }
  assert {
    condition     = aws_lb.this.load_balancer_type == "network" && alltrue([for group in aws_lb_target_group.this : group.preserve_client_ip == "true" && group.protocol == "TCP" && group.target_type == "instance"])
    error_message = "Packets must keep the client's address, so that the firewall sees it."
  }
  assert {
    condition     = length(aws_lb.this.security_groups) == 0
    error_message = "The load balancer must have no security groups: the machine's rules are the only ones."
  }
  assert {
    condition     = toset([for mapping in aws_lb.this.subnet_mapping : mapping.allocation_id]) == toset([for address in aws_eip.this : address.id]) && length(output.addresses) == 2
    error_message = "The load balancer must have the static addresses, which outlive the machines, and the output must name two."
  }
  assert {
    condition     = aws_autoscaling_group.this.instance_refresh[0].preferences[0].min_healthy_percentage == 100 && aws_autoscaling_group.this.instance_refresh[0].preferences[0].max_healthy_percentage == 200 && !aws_autoscaling_group.this.instance_refresh[0].preferences[0].auto_rollback
    error_message = "A new machine must be launched before the old one ends, and a failed refresh must not roll back."
  }
  assert {
    condition     = aws_autoscaling_group.this.instance_maintenance_policy[0].min_healthy_percentage == 100 && aws_autoscaling_group.this.instance_maintenance_policy[0].max_healthy_percentage == 200
    error_message = "When AWS replaces a machine by itself, the new one must be launched first too."
  }
  assert {
    condition     = aws_autoscaling_group.this.launch_template[0].version == "7"
    error_message = "The launch template's version must be a number: $Latest would change machines unseen, and cannot be rolled back to."
  }
  assert {
    condition     = aws_autoscaling_group.this.health_check_type == "ELB" && aws_autoscaling_group.this.min_size == 1 && aws_autoscaling_group.this.desired_capacity == 1 && length(aws_autoscaling_group.this.vpc_zone_identifier) == 2
    error_message = "There must be one machine, in either of two zones, which is replaced when the load balancer finds it unhealthy."
  }
  assert {
    condition     = aws_lb_target_group.this["80"].health_check[0].path == "/now" && aws_lb_target_group.this["80"].health_check[0].matcher == "200"
    error_message = "The health check must expect a 200 from the service itself."
  }
  assert {
    condition     = aws_launch_template.this.metadata_options[0].http_tokens == "required" && aws_launch_template.this.metadata_options[0].http_put_response_hop_limit == 1
    error_message = "Metadata must require a token and be limited to one hop, so that the container cannot get credentials."
  }
  assert {
    condition     = aws_launch_template.this.network_interfaces[0].delete_on_termination == "true"
    error_message = "A machine's network interface must be deleted with it."
  }
  assert {
    condition     = aws_launch_template.this.key_name == null && aws_launch_template.this.block_device_mappings[0].ebs[0].encrypted == "true"
    error_message = "There must be no key pair, and the disk must be encrypted."
  }
  assert {
    condition     = yamldecode(local.boot).allow_public_ssh_keys == false && yamldecode(local.boot).ssh_pwauth == false
    error_message = "Neither SSH keys nor passwords may be accepted."
  }
  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 30 && strcontains(local.boot, "--log-driver awslogs --log-opt awslogs-region=us-east-1 --log-opt awslogs-group=/meridian/meridian-hello/machine")
    error_message = "Logs must go to the machine's group in CloudWatch and be kept for 30 days."
  }
  assert {
    condition = (
      [output.name, output.region, output.greeting, output.group] == [var.name, var.region, var.greeting, aws_autoscaling_group.this.name]
      && startswith(output.logs, "aws logs tail /meridian/meridian-hello/machine ")
      && strcontains(output.session, "--auto-scaling-group-names ${output.group} ")
    )
    error_message = "Outputs must name what a destroy needs, the greeting, and the commands for logs and a session."
  }
  assert {
    condition     = toset(keys(aws_lb_listener.this)) == toset(["80"]) && length(aws_iam_role_policy.certificate) == 0 && startswith(output.url, "http://")
    error_message = "Without a certificate there must be a listener on port 80 only."
  }
}

run "machines_run_only_in_zones_with_their_type" {
  command = plan
  override_data {
    target = data.aws_ec2_instance_type_offerings.zones
    values = { locations = ["us-east-1c", "us-east-1b"] }
  }
  assert {
    condition     = toset([for subnet in aws_subnet.this : subnet.availability_zone]) == toset(["us-east-1b", "us-east-1c"])
    error_message = "The machine must not be in us-east-1a, where its type is not available."
  }
}

run "the_machine_runs_the_image_by_digest_with_the_greeting" {
  variables {
    greeting = "100 % \"$HOME\" \\ <b>#1</b> · ©"
  }
  assert {
    condition     = [for file in yamldecode(local.boot).write_files : file.content if file.path == "/etc/meridian/environment"][0] == "MERIDIAN_HOME=hello\nMERIDIAN_GREETING=${var.greeting}\nMERIDIAN_VERSION=sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
    error_message = "The environment file must hold the greeting as written and the image's digest."
  }
  assert {
    condition     = strcontains([for file in yamldecode(local.boot).write_files : file.content if file.path == "/etc/systemd/system/meridian.service"][0], "--publish 80:8080") && base64decode(aws_launch_template.this.user_data) == local.boot && output.image == var.image
    error_message = "The unit must publish port 80, and the machine must get this configuration."
  }
  assert {
    condition     = length(aws_launch_template.this.user_data) < 16384
    error_message = "The user data must be smaller than 16 KB, which is AWS's limit."
  }
}

run "an_image_from_elsewhere_needs_no_registry" {
  variables {
    repository_url = "example.com/meridian"
  }
  assert {
    condition     = length(aws_iam_role_policy.pull) == 0 && length(aws_ecr_repository.this) == 0
    error_message = "There must be no repository and no right to pull."
  }
}

run "the_machine_may_pull_from_one_repository_only" {
  variables {
    image          = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shared@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    repository_url = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shared"
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.pull[0].policy).Statement[0].Resource == "arn:aws:ecr:us-east-1:123456789012:repository/shared"
    error_message = "The right to pull must name the shared repository only."
  }
}

run "with_a_certificate_443_serves_and_80_redirects" {
  variables {
    certificate = {
      name   = "hello.example.com"
      secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:hello-AbCdEf"
      proxy  = "example.com/haproxy@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    }
  }
  assert {
    condition     = toset([for listener in aws_lb_listener.this : listener.port]) == toset([80, 443]) && alltrue([for group in aws_lb_target_group.this : group.health_check[0].port == "80"]) && output.url == "https://hello.example.com"
    error_message = "Both ports must have a listener, with the service's health check on port 80."
  }
  assert {
    condition     = strcontains([for file in yamldecode(local.boot).write_files : file.content if file.path == "/etc/systemd/system/meridian-proxy.service"][0], "--publish 80:8080 --publish 443:8443") && !strcontains([for file in yamldecode(local.boot).write_files : file.content if file.path == "/etc/systemd/system/meridian.service"][0], "--publish")
    error_message = "The proxy must publish both ports, and the service none."
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.certificate[0].policy).Statement[0].Resource == var.certificate.secret
    error_message = "The machine must read only the certificate's secret."
  }
}

run "refuses_a_machine_type_that_only_one_zone_has" {
  command = plan
  override_data {
    target = data.aws_ec2_instance_type_offerings.zones
    values = { locations = ["us-east-1a"] }
  }
  expect_failures = [data.aws_ec2_instance_type_offerings.zones]
}
