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
    error_message = "Port 80 must be open for TCP."
  }
  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.https) == 0 && length(aws_lb_listener.https) == 0
    error_message = "Without a certificate port 443 must stay closed."
  }
  assert {
    condition     = length(aws_security_group.this.ingress) == 0
    error_message = "The group must have no inline rules: this test would not see them."
  }
  assert {
    condition     = aws_lb_listener.http.port == 80 && aws_lb_listener.http.default_action[0].type == "forward" && output.url == "http://test-1.us-east-1.elb.amazonaws.com"
    error_message = "Without a domain port 80 must serve plain HTTP under the load balancer's own name."
  }
  assert {
    condition     = !aws_lb.this.internal && aws_lb.this.drop_invalid_header_fields && aws_lb.this.desync_mitigation_mode == "defensive"
    error_message = "The load balancer must be public, drop invalid headers and guard against request smuggling."
  }
  assert {
    condition     = aws_lb.this.xff_header_processing_mode == "append" && !aws_lb.this.enable_xff_client_port
    error_message = "The client's address must be the last entry in X-Forwarded-For, without port: that is the entry that the service reads."
  }
  assert {
    condition     = aws_lb.this.idle_timeout == 60 && aws_lb_listener.http.default_action[0].target_group_arn == var.target_group_arn && length(aws_vpc_security_group_egress_rule.services) == 0
    error_message = "All requests must go to the one service, and the load balancer must get no egress rule here."
  }
  assert {
    condition     = length(aws_wafv2_web_acl.this) == 0 && length(aws_wafv2_web_acl_association.this) == 0
    error_message = "By default there must be no web ACL, because AWS bills it."
  }
}

run "with_a_domain" {
  command = plan
  variables {
    domain = { name = "time.example.com", zone = "Z0123456789ABCDEFGHIJ" }
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.https[0].from_port == 443 && aws_lb_listener.https[0].port == 443 && aws_lb_listener.https[0].certificate_arn == aws_acm_certificate_validation.this[0].certificate_arn
    error_message = "With a domain port 443 must serve with the validated certificate."
  }
  assert {
    condition     = aws_lb_listener.https[0].ssl_policy == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    error_message = "TLS versions must be 1.2 and 1.3 only."
  }
  assert {
    condition     = aws_route53_record.this[0].name == "time.example.com" && aws_route53_record.this[0].alias[0].name == aws_lb.this.dns_name && output.url == "https://time.example.com"
    error_message = "The domain name must point to the load balancer."
  }
  assert {
    condition     = aws_lb_listener.http.default_action[0].type == "redirect" && aws_lb_listener.http.default_action[0].redirect[0].host == "time.example.com" && aws_lb_listener.http.default_action[0].redirect[0].status_code == "HTTP_301"
    error_message = "With a domain port 80 must redirect to that domain: a forged Host header must not send visitors elsewhere."
  }
  assert {
    condition     = output.listener_arn == aws_lb_listener.https[0].arn
    error_message = "The output must name the HTTPS listener: the canary's weights belong on the listener that serves."
  }
}

run "a_given_certificate_needs_no_zone" {
  command = plan
  variables {
    domain = { name = "time.example.com", certificate = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-1111-1111-1111-111111111111" }
  }
  assert {
    condition     = length(aws_acm_certificate.this) == 0 && length(aws_route53_record.this) == 0 && aws_lb_listener.https[0].certificate_arn == var.domain.certificate
    error_message = "The given certificate must be used, and no record created."
  }
}

run "waf_throttles_and_blocks_known_bad_requests" {
  command = plan
  variables {
    waf = true
  }
  assert {
    condition     = toset([for rule in aws_wafv2_web_acl.this[0].rule : rule.name]) == toset(["rate", "AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesCommonRuleSet"])
    error_message = "The web ACL must have exactly these four rules."
  }
  assert {
    condition     = aws_wafv2_web_acl_association.this[0].resource_arn == aws_lb.this.arn
    error_message = "The web ACL must protect the load balancer."
  }
}

run "a_service_with_long_requests" {
  command = plan
  variables {
    service = { request_seconds = 600 }
  }
  assert {
    condition     = aws_lb.this.idle_timeout == 600
    error_message = "The idle timeout must be as long as a request may take."
  }
}

run "several_services_share_it_under_names_below_its_domain" {
  command = plan
  variables {
    domain           = { name = "staging.example.com", zone = "Z0123456789ABCDEFGHIJ" }
    target_group_arn = null
    cidr             = "10.30.0.0/16"
  }
  assert {
    condition     = aws_acm_certificate.this[0].domain_name == "*.staging.example.com" && aws_route53_record.this[0].name == "*.staging.example.com"
    error_message = "One wildcard certificate and one wildcard record must serve all services."
  }
  assert {
    condition     = aws_lb_listener.https[0].default_action[0].type == "fixed-response" && aws_lb_listener.https[0].default_action[0].fixed_response[0].status_code == "404"
    error_message = "A host name that belongs to no service must get 404 from the load balancer itself."
  }
  assert {
    condition     = aws_lb_listener.http.default_action[0].redirect[0].host == "#{host}" && aws_lb_listener.http.default_action[0].redirect[0].protocol == "HTTPS"
    error_message = "Port 80 must redirect to HTTPS with the same host name."
  }
  assert {
    condition     = aws_vpc_security_group_egress_rule.services[0].cidr_ipv4 == "10.30.0.0/16"
    error_message = "The load balancer must reach the platform's network only."
  }
}
