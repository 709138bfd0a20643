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
    error_message = "Tasks have no public address and run in two zones: private subnets of two zones, no public address."
  }
  assert {
    condition     = aws_ecs_service.stable.desired_count == 2 && aws_ecs_service.stable.availability_zone_rebalancing == "ENABLED"
    error_message = "Two tasks, kept apart."
  }
  assert {
    condition     = { for key, rule in aws_vpc_security_group_ingress_rule.service : key => join(" ", [rule.ip_protocol, rule.from_port, rule.to_port]) } == { "8080" = "tcp 8080 8080", "8081" = "tcp 8081 8081" }
    error_message = "Only the load balancer reaches the service: 8080 and 8081, nothing else."
  }
  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.service : rule.referenced_security_group_id == "sg-edge" && rule.cidr_ipv4 == null && rule.cidr_ipv6 == null && rule.prefix_list_id == null])
    error_message = "From the load balancer's group, from no range of addresses."
  }
  assert {
    condition     = length(aws_security_group.this.ingress) == 0
    error_message = "No rule inside the group, where it would escape this test."
  }
  assert {
    condition     = aws_vpc_security_group_egress_rule.service.from_port == 443 && aws_vpc_security_group_egress_rule.service.to_port == 443 && aws_vpc_security_group_egress_rule.service.ip_protocol == "tcp"
    error_message = "The service reaches the world by HTTPS only: TCP 443."
  }
  assert {
    condition     = alltrue([for container in jsondecode(aws_ecs_task_definition.this["stable"].container_definitions) : container.readonlyRootFilesystem && container.user == "65532" && !container.privileged && container.linuxParameters.capabilities.drop == ["ALL"] && length(container.linuxParameters.capabilities.add) == 0])
    error_message = "The container runs without root capabilities or a writable disk: user 65532, read-only root, no capabilities."
  }
  assert {
    condition     = aws_ecs_task_definition.this["stable"].task_role_arn == var.identity_id.task && aws_ecs_task_definition.this["stable"].execution_role_arn == var.identity_id.execution
    error_message = "Start and service use different roles: the service must not have the rights to the registry and the log."
  }
  assert {
    condition     = aws_iam_role_policy.log.role == "test-execution" && jsondecode(aws_iam_role_policy.log.policy).Statement == [{ Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = "arn:aws:logs:us-east-1:123456789012:log-group:/meridian/test/log:*" }]
    error_message = "The execution role writes one log: this group only, and not the right to make others."
  }
  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 30
    error_message = "Kept for a month."
  }
  assert {
    condition = { for variable in jsondecode(aws_ecs_task_definition.this["stable"].container_definitions)[0].environment : variable.name => variable.value } == {
      PORT                        = "8080"
      MERIDIAN_ADMIN_PORT         = "8081"
      MERIDIAN_VERSION            = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      MERIDIAN_CLIENT_ADDRESS     = "x-forwarded-for:1"
      MERIDIAN_DOCUMENTS_LOCATION = "s3://test-documents"
    }
    error_message = "Answers name their image and the client is the last forwarded entry: what the load balancer, the image and the documents ask for."
  }
  # These must not change: an added or missing key would replace the definition of every running stack.
  assert {
    condition = { for key, value in jsondecode(aws_ecs_task_definition.this["stable"].container_definitions)[0] : key => value if contains(["command", "portMappings", "linuxParameters", "stopTimeout", "entryPoint", "secrets"], key) } == {
      command         = []
      portMappings    = [{ containerPort = 8080, hostPort = 8080, protocol = "tcp" }, { containerPort = 8081, hostPort = 8081, protocol = "tcp" }]
      linuxParameters = { capabilities = { add = [], drop = ["ALL"] }, initProcessEnabled = false }
      stopTimeout     = 30
    }
    error_message = "Meridian needs nothing that must be asked for: no entry point, no secret, nothing writable."
  }
  assert {
    condition     = aws_ecs_service.stable.health_check_grace_period_seconds == 60 && length(aws_vpc_security_group_egress_rule.other) == 0 && length(aws_iam_role_policy.secrets) == 0
    error_message = "A minute to start, no way out but 443, no secret to read."
  }
  assert {
    condition     = aws_ecs_service.stable.deployment_circuit_breaker[0].enable && aws_ecs_service.stable.deployment_circuit_breaker[0].rollback
    error_message = "A deployment that does not get up is taken back: breaker and rollback."
  }
  assert {
    condition     = aws_ecs_service.stable.deployment_minimum_healthy_percent == 100 && aws_ecs_service.stable.deployment_maximum_percent == 200
    error_message = "New tasks stand before old ones go."
  }
  assert {
    condition     = toset([for policy in aws_appautoscaling_policy.this : policy.target_tracking_scaling_policy_configuration[0].predefined_metric_specification[0].predefined_metric_type]) == toset(["ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization"])
    error_message = "More instances come at 80 percent of CPU or memory: CPU and memory."
  }
  assert {
    condition     = alltrue([for policy in aws_appautoscaling_policy.this : policy.target_tracking_scaling_policy_configuration[0].target_value == 80])
    error_message = "At 80 percent."
  }
  assert {
    condition     = aws_appautoscaling_target.this[0].min_capacity == 2 && aws_appautoscaling_target.this[0].max_capacity == 6 && aws_appautoscaling_target.this[0].resource_id == "service/test/test-stable"
    error_message = "Between min and max, of the stable service."
  }
  assert {
    condition = length(terraform_data.trial) == 0 && {
      for group in one(one(aws_lb_listener_rule.weights.action).forward).target_group : group.arn => group.weight
      } == {
      (var.entry.target_groups["stable"].arn) = 100
      (var.entry.target_groups["canary"].arn) = 0
    }
    error_message = "Without a canary the stable service has every request."
  }
  assert {
    condition     = aws_ecs_service.canary.desired_count == 0 && keys(aws_ecs_task_definition.this) == ["stable"]
    error_message = "The second service has no task that is billed."
  }
}

run "a_canary_gets_its_percent_and_the_stable_service_keeps_its_image" {
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
    error_message = "90 and 10."
  }
  assert {
    condition = { for key, definition in aws_ecs_task_definition.this : key => jsondecode(definition.container_definitions)[0].image } == {
      stable = var.image
      canary = var.canary.image
    }
    error_message = "Each its own image."
  }
  assert {
    condition     = aws_ecs_service.canary.desired_count == 1 && !aws_ecs_service.canary.network_configuration[0].assign_public_ip
    error_message = "A tenth of six, rounded up, and as private as the stable."
  }
  assert {
    condition     = toset(keys(terraform_data.healthy)) == toset(["stable", "canary"])
    error_message = "Both are waited for."
  }
}

run "a_larger_canary_is_large_enough_for_its_part_of_the_peak" {
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
    error_message = "Half of six."
  }
}

run "a_withdrawn_canary_gets_nothing" {
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
    error_message = "No share, and tasks that still stand."
  }
}

run "an_own_service" {
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
    error_message = "Started as asked for, with time to stop, and one mapping for one port."
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this["stable"].container_definitions)[0].linuxParameters.tmpfs == [{ containerPath = "/tmp", size = 64, mountOptions = ["mode=1777"] }]
    error_message = "Whoever the user is may write to /tmp, 64 MiB of it."
  }
  assert {
    condition     = tomap({ for secret in jsondecode(aws_ecs_task_definition.this["stable"].container_definitions)[0].secrets : secret.name => secret.valueFrom }) == var.service.secrets
    error_message = "Secrets by name, never by value."
  }
  assert {
    condition = aws_iam_role_policy.secrets[0].role == "test-execution" && jsondecode(aws_iam_role_policy.secrets[0].policy).Statement == [
      { Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = ["arn:aws:secretsmanager:us-east-1:123456789012:secret:test-database-AbCdEf"] },
      { Effect = "Allow", Action = "ssm:GetParameters", Resource = ["arn:aws:ssm:us-east-1:123456789012:parameter/test/token"] },
    ]
    error_message = "ECS may read these and no others; the service itself none."
  }
  assert {
    condition     = keys(aws_vpc_security_group_ingress_rule.service) == ["9898"] && keys(aws_vpc_security_group_egress_rule.edge) == ["9898"]
    error_message = "AWS refuses the same rule twice."
  }
  assert {
    condition     = { for key, rule in aws_vpc_security_group_egress_rule.other : key => join(" ", [rule.ip_protocol, rule.from_port, rule.to_port]) } == { "5432" = "tcp 5432 5432" }
    error_message = "The database's port is open, and 443 is not opened twice."
  }
  assert {
    condition     = aws_ecs_service.stable.health_check_grace_period_seconds == 90 && aws_ecs_service.canary.health_check_grace_period_seconds == 90
    error_message = "Its checks count when it had its time to start, a canary's too."
  }
  assert {
    condition     = { for key, policy in aws_appautoscaling_policy.this : key => policy.target_tracking_scaling_policy_configuration[0].target_value } == { cpu = 50, memory = 70 }
    error_message = "More come where scale says."
  }
  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 90
    error_message = "The log stays as long as asked for."
  }
}

run "an_image_of_somebody_elses_runs_as_its_own_user" {
  command = plan
  variables {
    service = merge(var.service, { meridian = false })
  }
  assert {
    condition     = !contains(keys(jsondecode(aws_ecs_task_definition.this["stable"].container_definitions)[0]), "user")
    error_message = "65532 is Meridian's."
  }
}

run "one_among_others_gets_the_requests_for_its_name" {
  command = plan
  variables {
    entry  = merge(var.entry, { host = "orders.staging.example.com", priority = 107 })
    canary = { image = "example.com/meridian@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", percent = 10, stable = "arn:aws:ecs:us-east-1:123456789012:task-definition/test-stable:1" }
    scale  = null
  }
  assert {
    condition     = one(one(aws_lb_listener_rule.weights.condition).host_header).values == toset(["orders.staging.example.com"]) && aws_lb_listener_rule.weights.priority == 107
    error_message = "By its host, at the priority of its slot."
  }
  assert {
    condition     = terraform_data.trial[0].input.priority == "107"
    error_message = "What takes a canary's requests away finds the rule of this service and not another's."
  }
  assert {
    condition     = length(aws_vpc_security_group_egress_rule.edge) == 0 && length(aws_vpc_security_group_ingress_rule.service) == 2
    error_message = "The load balancer reaches it without a rule more; the service lets in the load balancer alone."
  }
  assert {
    condition     = length(aws_appautoscaling_target.this) == 0 && length(aws_appautoscaling_policy.this) == 0
    error_message = "Without scaling nothing adds instances."
  }
}
