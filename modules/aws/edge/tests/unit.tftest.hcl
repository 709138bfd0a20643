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
}

run "only_port_80_is_open_by_default" {
  command = plan
  assert {
    condition     = aws_vpc_security_group_ingress_rule.http.from_port == 80 && aws_vpc_security_group_ingress_rule.http.to_port == 80 && aws_vpc_security_group_ingress_rule.http.ip_protocol == "tcp"
    error_message = "TCP 80."
  }
  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.https) == 0 && length(aws_lb_listener.https) == 0
    error_message = "No 443 without a certificate."
  }
  assert {
    condition     = length(aws_security_group.this.ingress) == 0
    error_message = "No rule inside the group, where it would escape this test."
  }
}

run "without_a_domain_port_80_serves" {
  command = plan
  assert {
    condition     = aws_lb_listener.http.port == 80 && aws_lb_listener.http.default_action[0].type == "forward" && output.url == "http://test-1.us-east-1.elb.amazonaws.com"
    error_message = "The load balancer's own name, plain HTTP."
  }
}

run "the_load_balancer_is_public_and_drops_malformed_headers" {
  command = plan
  assert {
    condition     = !aws_lb.this.internal && aws_lb.this.drop_invalid_header_fields && aws_lb.this.desync_mitigation_mode == "defensive"
    error_message = "Requests that smuggle another inside must not pass."
  }
}

run "the_clients_address_is_the_last_entry_and_cannot_be_forged" {
  command = plan
  assert {
    condition     = aws_lb.this.xff_header_processing_mode == "append" && !aws_lb.this.enable_xff_client_port
    error_message = "The service reads the last entry of X-Forwarded-For, without port."
  }
}

run "an_instance_counts_as_healthy_only_by_its_own_readiness" {
  command = plan
  assert {
    condition     = alltrue([for group in aws_lb_target_group.this : group.health_check[0].path == "/ready" && group.health_check[0].port == "8081" && group.health_check[0].matcher == "200" && group.target_type == "ip"])
    error_message = "Port 8081, /ready, exactly 200."
  }
}

run "a_canarys_group_hangs_on_the_load_balancer_before_there_is_a_canary" {
  command = plan
  assert {
    condition     = aws_lb_listener_rule.hold_canary.action[0].target_group_arn == aws_lb_target_group.this["canary"].arn && aws_lb_listener_rule.hold_canary.priority == 50000
    error_message = "ECS refuses a target group without load balancer."
  }
  assert {
    condition     = one(one(aws_lb_listener_rule.hold_canary.condition).source_ip).values == toset(["192.0.2.1/32"])
    error_message = "And no request may find it: an address of RFC 5737."
  }
}

run "a_domain_opens_443_with_a_managed_certificate" {
  command = plan
  variables {
    domain = { name = "time.example.com", zone = "Z0123456789ABCDEFGHIJ" }
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.https[0].from_port == 443 && aws_lb_listener.https[0].port == 443 && aws_lb_listener.https[0].certificate_arn == aws_acm_certificate_validation.this[0].certificate_arn
    error_message = "443 with the proven certificate."
  }
  assert {
    condition     = aws_lb_listener.https[0].ssl_policy == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    error_message = "TLS 1.2 and 1.3 only."
  }
  assert {
    condition     = aws_route53_record.this[0].name == "time.example.com" && aws_route53_record.this[0].alias[0].name == aws_lb.this.dns_name && output.url == "https://time.example.com"
    error_message = "The name leads to the load balancer."
  }
}

run "with_a_domain_port_80_only_redirects_and_to_that_domain" {
  command = plan
  variables {
    domain = { name = "time.example.com", zone = "Z0123456789ABCDEFGHIJ" }
  }
  assert {
    condition     = aws_lb_listener.http.default_action[0].type == "redirect" && aws_lb_listener.http.default_action[0].redirect[0].host == "time.example.com" && aws_lb_listener.http.default_action[0].redirect[0].status_code == "HTTP_301"
    error_message = "A forged Host header must not send visitors elsewhere."
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

run "waf_is_billed_only_when_asked_for" {
  command = plan
  assert {
    condition     = length(aws_wafv2_web_acl.this) == 0 && length(aws_wafv2_web_acl_association.this) == 0
    error_message = "No web ACL by default."
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
