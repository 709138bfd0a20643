# What a service registers with, by itself or on a platform.
mock_provider "aws" {
  source          = "./.."
  override_during = plan
}

variables {
  name              = "test"
  network_id        = "vpc-1"
  listener_arn      = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/test/0123456789abcdef/0123456789abcdef"
  security_group_id = "sg-edge"
  host              = null
  slot              = 0
  service           = { port = 8080, health = { port = 8081, ready = "/ready" }, request_seconds = 30, stop_seconds = 10 }
}

run "with_the_variables_above" {
  command = plan
  assert {
    condition     = alltrue([for group in aws_lb_target_group.this : group.health_check[0].path == "/ready" && group.health_check[0].port == "8081" && group.health_check[0].matcher == "200" && group.target_type == "ip"])
    error_message = "Only an instance's own readiness may count as healthy: port 8081, /ready, exactly 200."
  }
  assert {
    condition     = alltrue([for group in aws_lb_target_group.this : group.port == 8080 && group.deregistration_delay == "20"])
    error_message = "The target groups must keep port 8080: another port would replace them, and everything depends on them."
  }
  assert {
    condition     = aws_lb_listener_rule.hold_canary.action[0].target_group_arn == aws_lb_target_group.this["canary"].arn && aws_lb_listener_rule.hold_canary.priority == 50000 && output.entry.priority == 100
    error_message = "The canary's target group must be on the load balancer before there is a canary: ECS refuses one that is not."
  }
  assert {
    condition     = one(one(aws_lb_listener_rule.hold_canary.condition).source_ip).values == toset(["192.0.2.1/32"])
    error_message = "No request may match this rule: its only source is an address of RFC 5737."
  }
  assert {
    condition     = output.entry.security_group_id == "sg-edge" && output.entry.listener_arn == var.listener_arn && output.entry.ports == { service = 8080, health = 8081 }
    error_message = "The output must say where to register and who connects to the service."
  }
}

run "one_of_several_services" {
  command = plan
  variables {
    host = "orders.staging.example.com"
    slot = 7
  }
  assert {
    condition     = aws_lb_listener_rule.hold_canary.priority == 49993 && output.entry.priority == 107 && output.entry.host == "orders.staging.example.com"
    error_message = "The rules must have the priorities of the service's slot."
  }
  assert {
    # A set, in which both groups have the same mocked ARN.
    condition     = length(aws_lb_listener_rule.hold_canary.action[0].forward[0].target_group) == 1
    error_message = "The rule must forward to the target groups: the shared load balancer's default action forwards to none."
  }
}

run "a_service_with_long_requests" {
  command = plan
  variables {
    service = { port = 9898, health = { port = null, ready = "/readyz" }, request_seconds = 600, stop_seconds = 60 }
  }
  assert {
    condition     = output.entry.ports == { service = 9898, health = 9898 } && alltrue([for group in aws_lb_target_group.this : group.health_check[0].port == "9898" && group.health_check[0].path == "/readyz"])
    error_message = "Health checks must use the service's port unless another is given."
  }
  assert {
    condition     = alltrue([for group in aws_lb_target_group.this : group.port == 8080 && group.deregistration_delay == "540"])
    error_message = "The port must stay 8080, and the delay together with the time to stop must cover the longest request."
  }
}
