# What runs, where it can be reached, and how it changes.
mock_provider "aws" {
  source          = "./.."
  override_during = plan
}

# Tasks start here; tests/rehearsals covers those that do not.
override_resource {
  target          = terraform_data.healthy
  override_during = plan
}

variables {
  name        = "test"
  image       = "example.com/meridian@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  canary      = null
  cpu         = 1
  memory      = 2048
  instances   = { min = 2, max = 6 }
  environment = { MERIDIAN_DOCUMENTS_LOCATION = "s3://test-documents" }
  service = {
    meridian      = true
    entrypoint    = null
    args          = null
    user          = null
    start_seconds = 60
    stop_seconds  = 10
    secrets       = {}
    egress_ports  = []
    writable      = {}
    log_days      = 30
  }
  scale = { cpu = null, memory = null, requests = null }
  identity_id = {
    task      = "arn:aws:iam::123456789012:role/test-task"
    execution = "arn:aws:iam::123456789012:role/test-execution"
  }
  network_id         = "vpc-1"
  private_subnet_ids = ["subnet-1", "subnet-2"]
  entry = {
    security_group_id = "sg-edge"
    listener_arn      = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/test/0123456789abcdef/0123456789abcdef"
    host              = null
    priority          = 100
    ports             = { service = 8080, health = 8081 }
    target_groups = {
      stable = { arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/test-stable/0123456789abcdef", metric = "targetgroup/test-stable/0123456789abcdef" }
      canary = { arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/test-canary/fedcba9876543210", metric = "targetgroup/test-canary/fedcba9876543210" }
    }
  }
}

run "with_the_variables_above" {
  command = plan
  assert {
    condition     = !aws_ecs_service.stable.network_configuration[0].assign_public_ip && length(aws_ecs_service.stable.network_configuration[0].subnets) == 2
    error_message = "Tasks must run in two subnets and have no public address."
  }
  assert {
    condition     = aws_ecs_service.stable.desired_count == 2 && aws_ecs_service.stable.availability_zone_rebalancing == "ENABLED"
    error_message = "There must be two tasks, spread over the zones."
  }
  assert {
    condition     = { for key, rule in aws_vpc_security_group_ingress_rule.service : key => join(" ", [rule.ip_protocol, rule.from_port, rule.to_port]) } == { "8080" = "tcp 8080 8080", "8081" = "tcp 8081 8081" }
    error_message = "The service must let in TCP 8080 and 8081 only."
  }
  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.service : rule.referenced_security_group_id == "sg-edge" && rule.cidr_ipv4 == null && rule.cidr_ipv6 == null && rule.prefix_list_id == null])
    error_message = "The service must let in the load balancer's security group and no address range."
  }
  assert {
    condition     = length(aws_security_group.this.ingress) == 0
    error_message = "The group must have no inline rules: this test would not see them."
  }
  assert {
    condition     = aws_vpc_security_group_egress_rule.service.from_port == 443 && aws_vpc_security_group_egress_rule.service.to_port == 443 && aws_vpc_security_group_egress_rule.service.ip_protocol == "tcp"
    error_message = "The service must reach other hosts by HTTPS only, on TCP 443."
  }
  assert {
    condition     = alltrue([for container in jsondecode(aws_ecs_task_definition.this["stable"].container_definitions) : container.readonlyRootFilesystem && container.user == "65532" && !container.privileged && container.linuxParameters.capabilities.drop == ["ALL"] && length(container.linuxParameters.capabilities.add) == 0])
    error_message = "Containers must run as user 65532, with a read-only root file system and without capabilities."
  }
  assert {
    condition     = aws_ecs_task_definition.this["stable"].task_role_arn == var.identity_id.task && aws_ecs_task_definition.this["stable"].execution_role_arn == var.identity_id.execution
    error_message = "The service and its start-up must have separate roles: the service must not have rights to the registry and the log."
  }
  assert {
    condition     = aws_iam_role_policy.log.role == "test-execution" && jsondecode(aws_iam_role_policy.log.policy).Statement == [{ Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = "arn:aws:logs:us-east-1:123456789012:log-group:/meridian/test/log:*" }]
    error_message = "The execution role must write to this log group only, and must not be able to create others."
  }
  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 30
    error_message = "The log must be kept for 30 days."
  }
  assert {
    condition = { for variable in jsondecode(aws_ecs_task_definition.this["stable"].container_definitions)[0].environment : variable.name => variable.value } == {
      PORT                        = "8080"
      MERIDIAN_ADMIN_PORT         = "8081"
      MERIDIAN_VERSION            = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      MERIDIAN_CLIENT_ADDRESS     = "x-forwarded-for:1"
      MERIDIAN_DOCUMENTS_LOCATION = "s3://test-documents"
    }
    error_message = "The environment must name the ports, the image's digest, the source of the client's address, and the documents."
  }
  # These must not change: an added or missing key would replace the definition of every running stack.
  assert {
    condition = { for key, value in jsondecode(aws_ecs_task_definition.this["stable"].container_definitions)[0] : key => value if contains(["command", "portMappings", "linuxParameters", "stopTimeout", "entryPoint", "secrets"], key) } == {
      command         = []
      portMappings    = [{ containerPort = 8080, hostPort = 8080, protocol = "tcp" }, { containerPort = 8081, hostPort = 8081, protocol = "tcp" }]
      linuxParameters = { capabilities = { add = [], drop = ["ALL"] }, initProcessEnabled = false }
      stopTimeout     = 30
    }
    error_message = "Meridian's definition must not change: no entry point, no secret and nothing writable."
  }
  assert {
    condition     = aws_ecs_service.stable.health_check_grace_period_seconds == 60 && length(aws_vpc_security_group_egress_rule.other) == 0 && length(aws_iam_role_policy.secrets) == 0
    error_message = "The defaults must be 60 seconds to start, no egress rule besides the one for 443, and no right to secrets."
  }
  assert {
    condition     = aws_ecs_service.stable.deployment_circuit_breaker[0].enable && aws_ecs_service.stable.deployment_circuit_breaker[0].rollback
    error_message = "A failed deployment must be rolled back."
  }
  assert {
    condition     = aws_ecs_service.stable.deployment_minimum_healthy_percent == 100 && aws_ecs_service.stable.deployment_maximum_percent == 200
    error_message = "New tasks must be running before old ones stop."
  }
  assert {
    condition     = toset([for policy in aws_appautoscaling_policy.this : policy.target_tracking_scaling_policy_configuration[0].predefined_metric_specification[0].predefined_metric_type]) == toset(["ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization"])
    error_message = "Scaling must follow CPU and memory."
  }
  assert {
    condition     = alltrue([for policy in aws_appautoscaling_policy.this : policy.target_tracking_scaling_policy_configuration[0].target_value == 80])
    error_message = "Instances must be added at 80 percent."
  }
  assert {
    condition     = aws_appautoscaling_target.this[0].min_capacity == 2 && aws_appautoscaling_target.this[0].max_capacity == 6 && aws_appautoscaling_target.this[0].resource_id == "service/test/test-stable"
    error_message = "The stable service must scale between min and max."
  }
  assert {
    condition = length(terraform_data.trial) == 0 && {
      for group in one(one(aws_lb_listener_rule.weights.action).forward).target_group : group.arn => group.weight
      } == {
      (var.entry.target_groups["stable"].arn) = 100
      (var.entry.target_groups["canary"].arn) = 0
    }
    error_message = "Without a canary the stable service must get every request."
  }
  assert {
    condition     = aws_ecs_service.canary.desired_count == 0 && keys(aws_ecs_task_definition.this) == ["stable"]
    error_message = "Without a canary the canary service must have no task, because AWS bills each."
  }
}

run "a_canary_gets_its_percentage_and_the_stable_service_keeps_its_image" {
  command = plan
  variables {
    canary = {
      image   = "example.com/meridian@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
      percent = 10
      stable  = "arn:aws:ecs:us-east-1:123456789012:task-definition/test-stable:1"
    }
  }
  assert {
    condition = { for group in one(one(aws_lb_listener_rule.weights.action).forward).target_group : group.arn => group.weight } == {
      (var.entry.target_groups["stable"].arn) = 90
      (var.entry.target_groups["canary"].arn) = 10
    }
    error_message = "The stable service must get 90 percent and the canary 10."
  }
  assert {
    condition = { for key, definition in aws_ecs_task_definition.this : key => jsondecode(definition.container_definitions)[0].image } == {
      stable = var.image
      canary = var.canary.image
    }
    error_message = "The stable service and the canary must each run their own image."
  }
  assert {
    condition     = aws_ecs_service.canary.desired_count == 1 && !aws_ecs_service.canary.network_configuration[0].assign_public_ip
    error_message = "The canary must have a tenth of six instances, rounded up, and no public address."
  }
  assert {
    condition     = toset(keys(terraform_data.healthy)) == toset(["stable", "canary"])
    error_message = "The deployment must wait for both services."
  }
}

run "a_larger_canary_is_large_enough_for_its_share_of_the_peak" {
  command = plan
  variables {
    canary = {
      image   = "example.com/meridian@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
      percent = 50
      stable  = "arn:aws:ecs:us-east-1:123456789012:task-definition/test-stable:1"
    }
  }
  assert {
    condition     = aws_ecs_service.canary.desired_count == 3
    error_message = "The canary must have half of six instances."
  }
}

run "a_withdrawn_canary_gets_no_requests" {
  command = plan
  variables {
    canary = {
      image   = "example.com/meridian@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
      percent = 0
      stable  = "arn:aws:ecs:us-east-1:123456789012:task-definition/test-stable:1"
    }
  }
  assert {
    condition     = local.shares.canary == 0 && length(terraform_data.trial) == 0 && aws_ecs_service.canary.desired_count == 1
    error_message = "A withdrawn canary must get no requests, and its task must keep running."
  }
}

run "a_service_other_than_meridian" {
  command = plan
  variables {
    service = {
      meridian      = false
      entrypoint    = ["/bin/serve"]
      args          = ["--port", "9898"]
      user          = "app"
      start_seconds = 90
      stop_seconds  = 60
      secrets = {
        DATABASE_URL = "arn:aws:secretsmanager:us-east-1:123456789012:secret:test-database-AbCdEf:url::"
        DATABASE_KEY = "arn:aws:secretsmanager:us-east-1:123456789012:secret:test-database-AbCdEf:key::"
        TOKEN        = "arn:aws:ssm:us-east-1:123456789012:parameter/test/token"
      }
      egress_ports = [443, 5432]
      writable     = { "/tmp" = 64 }
      log_days     = 90
    }
    scale = { cpu = 50, memory = 70, requests = null }
    # health checks use the port that serves
    entry = merge(var.entry, { ports = { service = 9898, health = 9898 } })
  }
  assert {
    condition = { for key, value in jsondecode(aws_ecs_task_definition.this["stable"].container_definitions)[0] : key => value if contains(["entryPoint", "command", "user", "stopTimeout", "portMappings", "readonlyRootFilesystem"], key) } == {
      entryPoint             = ["/bin/serve"]
      command                = ["--port", "9898"]
      user                   = "app"
      stopTimeout            = 60
      portMappings           = [{ containerPort = 9898, hostPort = 9898, protocol = "tcp" }]
      readonlyRootFilesystem = true
    }
    error_message = "The container must have the given start command, user and time to stop, and one port mapping."
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this["stable"].container_definitions)[0].linuxParameters.tmpfs == [{ containerPath = "/tmp", size = 64, mountOptions = ["mode=1777"] }]
    error_message = "Any user must be able to write 64 MiB to /tmp."
  }
  assert {
    condition     = tomap({ for secret in jsondecode(aws_ecs_task_definition.this["stable"].container_definitions)[0].secrets : secret.name => secret.valueFrom }) == var.service.secrets
    error_message = "Secrets must be given by reference, never by value."
  }
  assert {
    condition = aws_iam_role_policy.secrets[0].role == "test-execution" && jsondecode(aws_iam_role_policy.secrets[0].policy).Statement == [
      { Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = ["arn:aws:secretsmanager:us-east-1:123456789012:secret:test-database-AbCdEf"] },
      { Effect = "Allow", Action = "ssm:GetParameters", Resource = ["arn:aws:ssm:us-east-1:123456789012:parameter/test/token"] },
    ]
    error_message = "The execution role must only read these secrets."
  }
  assert {
    condition     = keys(aws_vpc_security_group_ingress_rule.service) == ["9898"] && keys(aws_vpc_security_group_egress_rule.edge) == ["9898"]
    error_message = "One port must have only one rule, because AWS refuses the same rule twice."
  }
  assert {
    condition     = { for key, rule in aws_vpc_security_group_egress_rule.other : key => join(" ", [rule.ip_protocol, rule.from_port, rule.to_port]) } == { "5432" = "tcp 5432 5432" }
    error_message = "The database's port must be open, and 443 must not be opened twice."
  }
  assert {
    condition     = aws_ecs_service.stable.health_check_grace_period_seconds == 90 && aws_ecs_service.canary.health_check_grace_period_seconds == 90
    error_message = "Health checks must only count after the service's time to start, for the canary too."
  }
  assert {
    condition     = { for key, policy in aws_appautoscaling_policy.this : key => policy.target_tracking_scaling_policy_configuration[0].target_value } == { cpu = 50, memory = 70 }
    error_message = "Scaling must use the given percentages."
  }
  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 90
    error_message = "The log must be kept as long as requested."
  }
}

run "a_third_party_image_runs_as_its_own_user" {
  command = plan
  variables {
    service = merge(var.service, { meridian = false })
  }
  assert {
    condition     = !contains(keys(jsondecode(aws_ecs_task_definition.this["stable"].container_definitions)[0]), "user")
    error_message = "The image must run as its own user: 65532 is Meridian's."
  }
}

run "one_of_several_services_gets_the_requests_for_its_name" {
  command = plan
  variables {
    entry  = merge(var.entry, { host = "orders.staging.example.com", priority = 107 })
    canary = { image = "example.com/meridian@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", percent = 10, stable = "arn:aws:ecs:us-east-1:123456789012:task-definition/test-stable:1" }
    scale  = null
  }
  assert {
    condition     = one(one(aws_lb_listener_rule.weights.condition).host_header).values == toset(["orders.staging.example.com"]) && aws_lb_listener_rule.weights.priority == 107
    error_message = "The rule must match the service's host name and have the priority of its slot."
  }
  assert {
    condition     = terraform_data.trial[0].input.priority == "107"
    error_message = "Withdrawing the canary must change the rule of this service and no other."
  }
  assert {
    condition     = length(aws_vpc_security_group_egress_rule.edge) == 0 && length(aws_vpc_security_group_ingress_rule.service) == 2
    error_message = "On a platform the service must not add an egress rule to the load balancer, and must keep its two ingress rules."
  }
  assert {
    condition     = length(aws_appautoscaling_target.this) == 0 && length(aws_appautoscaling_policy.this) == 0
    error_message = "With scale = null nothing may be scaled."
  }
}
