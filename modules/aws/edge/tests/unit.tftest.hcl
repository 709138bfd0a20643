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
  target_group_arn  = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/test-stable/0123456789abcdef"
  cidr              = null
  service           = { request_seconds = 30 }
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
    condition     = aws_lb.this.idle_timeout == 60 && aws_lb_listener.http.default_action[0].target_group_arn == var.target_group_arn && length(aws_vpc_security_group_egress_rule.services) == 0
    error_message = "All requests are the one service's, and the load balancer reaches nothing until that opens the way."
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
    condition     = output.listener_arn == aws_lb_listener.https[0].arn
    error_message = "The canary's weights belong to the listener that serves."
  }
}

run "an_own_certificate_needs_no_zone" {
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

run "an_own_service_with_long_requests" {
  command = plan
  variables {
    service = { request_seconds = 600 }
  }
  assert {
    condition     = aws_lb.this.idle_timeout == 600
    error_message = "A request has its time."
  }
}

run "several_services_share_it_by_the_names_below_its_domain" {
  command = plan
  variables {
    domain           = { name = "staging.example.com", zone = "Z0123456789ABCDEFGHIJ" }
    target_group_arn = null
    cidr             = "10.30.0.0/16"
  }
  assert {
    condition     = aws_acm_certificate.this[0].domain_name == "*.staging.example.com" && aws_route53_record.this[0].name == "*.staging.example.com"
    error_message = "One certificate and one record serve all of them."
  }
  assert {
    condition     = aws_lb_listener.https[0].default_action[0].type == "fixed-response" && aws_lb_listener.https[0].default_action[0].fixed_response[0].status_code == "404"
    error_message = "A name that is no service's gets 404, from nobody's instances."
  }
  assert {
    condition     = aws_lb_listener.http.default_action[0].redirect[0].host == "#{host}" && aws_lb_listener.http.default_action[0].redirect[0].protocol == "HTTPS"
    error_message = "Port 80 leads to the same name."
  }
  assert {
    condition     = aws_vpc_security_group_egress_rule.services[0].cidr_ipv4 == "10.30.0.0/16"
    error_message = "It reaches the network and nothing beyond, by one rule."
  }
}
