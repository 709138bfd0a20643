# What the world can reach, and how.
mock_provider "aws" {
  source          = "./.."
  override_during = plan
}

variables {
  name              = "test"
  domain            = null
  waf               = false
  network_id        = "vpc-1"
  public_subnet_ids = ["subnet-1", "subnet-2"]
  service           = { port = 8080, health = { port = 8081, ready = "/ready" }, request_seconds = 30, stop_seconds = 10 }
}

run "with_the_variables_above" {
  command = plan
  assert {
    condition     = aws_vpc_security_group_ingress_rule.http.from_port == 80 && aws_vpc_security_group_ingress_rule.http.to_port == 80 && aws_vpc_security_group_ingress_rule.http.ip_protocol == "tcp"
    error_message = "Only port 80 is open by default: TCP 80."
  }
  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.https) == 0 && length(aws_lb_listener.https) == 0
    error_message = "No 443 without a certificate."
  }
  assert {
    condition     = length(aws_security_group.this.ingress) == 0
    error_message = "No rule inside the group, where it would escape this test."
  }
  assert {
    condition     = aws_lb_listener.http.port == 80 && aws_lb_listener.http.default_action[0].type == "forward" && output.url == "http://test-1.us-east-1.elb.amazonaws.com"
    error_message = "Without a domain port 80 serves: the load balancer's own name, plain HTTP."
  }
  assert {
    condition     = !aws_lb.this.internal && aws_lb.this.drop_invalid_header_fields && aws_lb.this.desync_mitigation_mode == "defensive"
    error_message = "The load balancer is public and drops malformed headers: requests that smuggle another inside must not pass."
  }
  assert {
    condition     = aws_lb.this.xff_header_processing_mode == "append" && !aws_lb.this.enable_xff_client_port
    error_message = "The client's address is the last entry and cannot be forged: the service reads the last entry of X-Forwarded-For, without port."
  }
  assert {
    condition     = alltrue([for group in aws_lb_target_group.this : group.health_check[0].path == "/ready" && group.health_check[0].port == "8081" && group.health_check[0].matcher == "200" && group.target_type == "ip"])
    error_message = "An instance counts as healthy only by its own readiness: port 8081, /ready, exactly 200."
  }
  assert {
    condition     = aws_lb.this.idle_timeout == 60 && alltrue([for group in aws_lb_target_group.this : group.port == 8080 && group.deregistration_delay == "20"])
    error_message = "What stands today stays: another port would replace the groups, on which everything hangs."
  }
  assert {
    condition     = aws_lb_listener_rule.hold_canary.action[0].target_group_arn == aws_lb_target_group.this["canary"].arn && aws_lb_listener_rule.hold_canary.priority == 50000
    error_message = "A canary's group hangs on the load balancer before there is a canary: ECS refuses a target group without load balancer."
  }
  assert {
    condition     = one(one(aws_lb_listener_rule.hold_canary.condition).source_ip).values == toset(["192.0.2.1/32"])
    error_message = "And no request may find it: an address of RFC 5737."
  }
  assert {
    condition     = length(aws_wafv2_web_acl.this) == 0 && length(aws_wafv2_web_acl_association.this) == 0
    error_message = "WAF is billed only when asked for: no web ACL by default."
  }
}

run "with_a_domain" {
  command = plan
  variables {
    domain = { name = "time.example.com", zone = "Z0123456789ABCDEFGHIJ" }
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.https[0].from_port == 443 && aws_lb_listener.https[0].port == 443 && aws_lb_listener.https[0].certificate_arn == aws_acm_certificate_validation.this[0].certificate_arn
    error_message = "A domain opens 443 with a managed certificate: 443 with the proven certificate."
  }
  assert {
    condition     = aws_lb_listener.https[0].ssl_policy == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    error_message = "TLS 1.2 and 1.3 only."
  }
  assert {
    condition     = aws_route53_record.this[0].name == "time.example.com" && aws_route53_record.this[0].alias[0].name == aws_lb.this.dns_name && output.url == "https://time.example.com"
    error_message = "The name leads to the load balancer."
  }
  assert {
    condition     = aws_lb_listener.http.default_action[0].type == "redirect" && aws_lb_listener.http.default_action[0].redirect[0].host == "time.example.com" && aws_lb_listener.http.default_action[0].redirect[0].status_code == "HTTP_301"
    error_message = "With a domain port 80 only redirects and to that domain: a forged Host header must not send visitors elsewhere."
  }
  assert {
    condition     = output.entry.listener_arn == aws_lb_listener.https[0].arn
    error_message = "The canary's weights belong to the listener that serves."
  }
}

run "a_certificate_of_ones_own_needs_no_zone" {
  command = plan
  variables {
    domain = { name = "time.example.com", certificate = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-1111-1111-1111-111111111111" }
  }
  assert {
    condition     = length(aws_acm_certificate.this) == 0 && length(aws_route53_record.this) == 0 && aws_lb_listener.https[0].certificate_arn == var.domain.certificate
    error_message = "The given certificate, and no record."
  }
}

run "waf_throttles_and_blocks_what_is_known_to_be_bad" {
  command = plan
  variables {
    waf = true
  }
  assert {
    condition     = toset([for rule in aws_wafv2_web_acl.this[0].rule : rule.name]) == toset(["rate", "AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesCommonRuleSet"])
    error_message = "Four rules."
  }
  assert {
    condition     = aws_wafv2_web_acl_association.this[0].resource_arn == aws_lb.this.arn
    error_message = "On the load balancer."
  }
}

run "refuses_wrong_values" {
  command = plan
  variables {
    # a domain with a scheme
    domain = { name = "https://time.example.com", zone = "Z0123456789ABCDEFGHIJ" }
    # a single subnet
    public_subnet_ids = ["subnet-1"]
  }
  expect_failures = [var.domain, var.public_subnet_ids]
}

run "refuses_a_domain_too_long_for_a_certificate" {
  command = plan
  variables {
    domain = { name = "a-name-of-more-than-sixty-four-characters.subdomain.of.example.com", zone = "Z0123456789ABCDEFGHIJ" }
  }
  expect_failures = [var.domain]
}

run "refuses_a_zones_name_for_its_id" {
  command = plan
  variables {
    domain = { name = "time.example.com", zone = "example.com" }
  }
  expect_failures = [var.domain]
}

run "refuses_a_certificate_that_is_no_arn" {
  command = plan
  variables {
    domain = { name = "time.example.com", certificate = "time.example.com" }
  }
  expect_failures = [var.domain]
}

run "refuses_a_domain_without_any_certificate" {
  command = plan
  variables {
    domain = { name = "time.example.com" }
  }
  expect_failures = [var.domain]
}

run "a_service_of_ones_own_with_long_requests" {
  command = plan
  variables {
    service = { port = 9898, health = { port = null, ready = "/readyz" }, request_seconds = 600, stop_seconds = 60 }
  }
  assert {
    condition     = output.entry.ports == { service = 9898, health = 9898 } && alltrue([for group in aws_lb_target_group.this : group.health_check[0].port == "9898" && group.health_check[0].path == "/readyz"])
    error_message = "Its health is asked where it serves unless it has another port."
  }
  assert {
    condition     = aws_lb.this.idle_timeout == 600 && alltrue([for group in aws_lb_target_group.this : group.port == 8080 && group.deregistration_delay == "540"])
    error_message = "A request has its time, also while its task is taken away: the last minute is the service's own to stop."
  }
}

run "refuses_a_port_that_is_none" {
  command = plan
  variables {
    service = { port = 8080, health = { port = 0, ready = "/ready" }, request_seconds = 30, stop_seconds = 10 }
  }
  expect_failures = [var.service]
}

run "refuses_an_address_for_a_path" {
  command = plan
  variables {
    service = { port = 8080, health = { port = 8081, ready = "http://localhost/ready" }, request_seconds = 30, stop_seconds = 10 }
  }
  expect_failures = [var.service]
}

run "refuses_requests_longer_than_an_hour" {
  command = plan
  variables {
    service = { port = 8080, health = { port = 8081, ready = "/ready" }, request_seconds = 3601, stop_seconds = 10 }
  }
  expect_failures = [var.service]
}
