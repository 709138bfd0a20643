# What the world can reach, and how.
mock_provider "azurerm" {
  source          = "./.."
  override_during = plan
}

variables {
  name     = "test"
  place    = { resource_group = "test", location = "westeurope" }
  domain   = null
  waf      = false
  services = null
  origin   = "test.happy-test.westeurope.azurecontainerapps.io"
  service  = { check = { path = "/now", status = 200 }, request_seconds = 30 }
  public_subnet_ids = [
    "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Network/virtualNetworks/test/subnets/public"
  ]
}

run "with_the_variables_above" {
  command = plan
  assert {
    condition = [
      for rule in azurerm_network_security_group.this.security_rule :
      "${rule.protocol} ${rule.destination_port_range}" if rule.access == "Allow" && contains(["Internet", "*"], rule.source_address_prefix)
    ] == ["Tcp 80"]
    error_message = "By default only TCP 80 must be open to the internet."
  }
  assert {
    condition = (
      [for port in azurerm_application_gateway.this.frontend_port : port.port] == [80] &&
      [for listener in azurerm_application_gateway.this.http_listener : listener.protocol] == ["Http"]
    )
    error_message = "Without a certificate the gateway must listen on port 80 only."
  }
  assert {
    condition = [
      for rule in azurerm_network_security_group.this.security_rule :
      "${rule.priority} ${rule.source_address_prefix} ${rule.destination_port_range}" if rule.access == "Deny"
    ] == ["4096 * *"]
    error_message = "Everything that is not allowed must be denied."
  }
  assert {
    condition = toset([
      for rule in azurerm_network_security_group.this.security_rule :
      "${rule.source_address_prefix} ${rule.destination_port_range}" if rule.access == "Allow" && !contains(["Internet", "*"], rule.source_address_prefix)
    ]) == toset(["GatewayManager 65200-65535", "AzureLoadBalancer *"])
    error_message = "Azure's gateway manager and load balancer must be let in: otherwise Azure refuses the gateway."
  }
  assert {
    condition     = azurerm_subnet_network_security_group_association.this.subnet_id == one(var.public_subnet_ids)
    error_message = "The security group must be on the gateway's subnet."
  }
  assert {
    condition = (
      [for rule in azurerm_application_gateway.this.request_routing_rule : "${rule.http_listener_name} ${rule.backend_address_pool_name}"] == ["http service"] &&
      output.url == "http://test-01234567.westeurope.cloudapp.azure.com"
    )
    error_message = "Without a domain port 80 must serve plain HTTP under Azure's own name."
  }
  assert {
    condition     = azurerm_application_gateway.this.zones == toset(["1", "2", "3"]) && azurerm_public_ip.this.zones == toset(["1", "2", "3"])
    error_message = "The gateway and its address must be in three zones."
  }
  assert {
    condition = (
      azurerm_application_gateway.this.autoscale_configuration[0].min_capacity == 0 &&
      azurerm_application_gateway.this.autoscale_configuration[0].max_capacity == 10
    )
    error_message = "The gateway must scale from 0 to 10 instances, so that no idle instance is billed."
  }
  assert {
    condition     = one(azurerm_application_gateway.this.backend_address_pool).fqdns == toset(["test.happy-test.westeurope.azurecontainerapps.io"])
    error_message = "The gateway must reach the service by its name, so that it can check the service's certificate."
  }
  assert {
    condition = (
      one(azurerm_application_gateway.this.backend_http_settings).protocol == "Https" &&
      one(azurerm_application_gateway.this.backend_http_settings).port == 443 &&
      one(azurerm_application_gateway.this.backend_http_settings).pick_host_name_from_backend_address
    )
    error_message = "The gateway must use TLS on port 443 and the service's own host name."
  }
  assert {
    condition = (
      one(azurerm_application_gateway.this.probe).path == "/now" &&
      one(one(azurerm_application_gateway.this.probe).match).status_code == tolist(["200"])
    )
    error_message = "Only a 200 from the checked path may count as healthy."
  }
  assert {
    condition = (
      one(one(one(azurerm_application_gateway.this.rewrite_rule_set).rewrite_rule).request_header_configuration).header_name == "X-Client-IP" &&
      one(one(one(azurerm_application_gateway.this.rewrite_rule_set).rewrite_rule).request_header_configuration).header_value == "{var_client_ip}"
    )
    error_message = "The gateway must set the client's address itself: whatever the client sends under that name is replaced."
  }
  assert {
    condition = [
      for rule in azurerm_application_gateway.this.request_routing_rule :
      rule.rewrite_rule_set_name if rule.backend_address_pool_name == "service"
    ] == ["client"]
    error_message = "Every rule that leads to the service must set the client's address."
  }
  assert {
    condition     = length(azurerm_web_application_firewall_policy.this) == 0 && azurerm_application_gateway.this.sku[0].tier == "Standard_v2"
    error_message = "By default there must be no WAF, because Azure bills it."
  }
}

run "a_domain_opens_443_with_the_vaults_certificate" {
  command = plan
  variables {
    domain = {
      name        = "time.example.com"
      zone        = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Network/dnsZones/example.com"
      certificate = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.KeyVault/vaults/certificates/secrets/time"
    }
  }
  assert {
    condition = toset([
      for rule in azurerm_network_security_group.this.security_rule :
      rule.destination_port_range if rule.source_address_prefix == "Internet"
    ]) == toset(["80", "443"])
    error_message = "Ports 80 and 443 must be open."
  }
  assert {
    condition = (
      one(azurerm_application_gateway.this.ssl_certificate).key_vault_secret_id == "https://certificates.vault.azure.net/secrets/time" &&
      [for listener in azurerm_application_gateway.this.http_listener : listener.ssl_certificate_name if listener.protocol == "Https"] == ["domain"]
    )
    error_message = "The certificate must be referenced without a version, so that a renewed one is used."
  }
  assert {
    condition     = azurerm_application_gateway.this.ssl_policy[0].policy_name == "AppGwSslPolicy20220101S"
    error_message = "TLS versions must be 1.2 and 1.3 only."
  }
  assert {
    condition = (
      azurerm_dns_a_record.this[0].name == "time" &&
      azurerm_dns_a_record.this[0].zone_name == "example.com" &&
      azurerm_dns_a_record.this[0].target_resource_id == azurerm_public_ip.this.id &&
      output.url == "https://time.example.com"
    )
    error_message = "The domain name must point to the gateway."
  }
}

run "with_a_domain_whose_zone_is_elsewhere" {
  command = plan
  variables {
    domain = {
      name        = "time.example.com"
      certificate = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.KeyVault/vaults/certificates/secrets/time"
    }
  }
  assert {
    condition = (
      azurerm_role_assignment.certificate[0].scope == var.domain.certificate &&
      azurerm_role_assignment.certificate[0].role_definition_name == "Key Vault Secrets User"
    )
    error_message = "The gateway must only read the certificate's secret in the vault."
  }
  assert {
    condition     = length(azurerm_dns_a_record.this) == 0
    error_message = "Without a zone there must be no DNS record."
  }
  assert {
    condition = {
      for rule in azurerm_application_gateway.this.request_routing_rule :
      rule.http_listener_name => rule.redirect_configuration_name == null ||
      rule.redirect_configuration_name == "" ? rule.backend_address_pool_name : rule.redirect_configuration_name
    } == { http = "https", https = "service" }
    error_message = "With a domain port 80 must only redirect, and port 443 must serve."
  }
  assert {
    condition = (
      one(azurerm_application_gateway.this.redirect_configuration).target_url == "https://time.example.com" &&
      one(azurerm_application_gateway.this.redirect_configuration).redirect_type == "Permanent"
    )
    error_message = "Port 80 must redirect to the given domain: a forged Host header must not send visitors elsewhere."
  }
}

run "waf_throttles_and_blocks_known_bad_requests" {
  command = plan
  variables {
    waf = true
  }
  assert {
    condition = (
      azurerm_application_gateway.this.sku[0].tier == "WAF_v2" &&
      azurerm_application_gateway.this.firewall_policy_id == azurerm_web_application_firewall_policy.this[0].id &&
      azurerm_web_application_firewall_policy.this[0].policy_settings[0].mode == "Prevention"
    )
    error_message = "The gateway must use the WAF policy, and the policy must block."
  }
  assert {
    condition = (
      [for set in azurerm_web_application_firewall_policy.this[0].managed_rules[0].managed_rule_set : set.type] == ["Microsoft_DefaultRuleSet", "Microsoft_BotManagerRuleSet"] &&
      azurerm_web_application_firewall_policy.this[0].custom_rules[0].rate_limit_threshold == 2000
    )
    error_message = "The policy must have two managed rule sets and a rate limit."
  }
}

run "a_service_is_checked_at_its_own_path" {
  command = plan
  variables {
    service = { check = { path = "/login", status = 302 }, request_seconds = 120 }
  }
  assert {
    condition = (
      [for probe in azurerm_application_gateway.this.probe : "${probe.path} ${join(" ", probe.match[0].status_code)}"] == ["/login 302"] &&
      [for settings in azurerm_application_gateway.this.backend_http_settings : settings.request_timeout] == [120]
    )
    error_message = "The probe must use the service's own path and status, and a request must have two minutes."
  }
}

run "a_gateway_of_a_platform" {
  command = plan
  variables {
    origin  = null
    service = null
    domain = {
      name        = "staging.example.com"
      zone        = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Network/dnsZones/example.com"
      certificate = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.KeyVault/vaults/certificates/secrets/star"
    }
    services = {
      orders = { origin = "stg-orders.happy-test.westeurope.azurecontainerapps.io", slot = 1, check = { path = "/now", status = 200 }, request_seconds = 30 }
      users  = { origin = "stg-users.happy-test.westeurope.azurecontainerapps.io", slot = 2, check = { path = "/health", status = 204 }, request_seconds = 240 }
    }
  }
  assert {
    condition = toset([
      for listener in azurerm_application_gateway.this.http_listener : "${listener.name} ${listener.protocol} ${coalesce(listener.host_name, "-")}"
    ]) == toset(["every-http Http -", "every-https Https -", "orders Https orders.staging.example.com", "users Https users.staging.example.com"])
    error_message = "There must be one listener for each service's host, and two for all other hosts."
  }
  assert {
    condition = toset([
      for rule in azurerm_application_gateway.this.request_routing_rule :
      "${rule.priority} ${rule.http_listener_name} ${try(coalesce(rule.backend_address_pool_name), "")}${try(coalesce(rule.redirect_configuration_name), "")}"
    ]) == toset(["101 orders orders", "102 users users", "200 every-http every-http", "300 every-https every-https"])
    error_message = "Rules for a service's host must come before those for all other hosts."
  }
  assert {
    condition = toset([
      for redirect in azurerm_application_gateway.this.redirect_configuration :
      "${redirect.name} ${redirect.redirect_type} ${try(coalesce(redirect.target_listener_name), "")}${try(coalesce(redirect.target_url), "")}"
    ]) == toset(["every-http Permanent every-https", "every-https Temporary https://staging.example.com"])
    error_message = "Port 80 must redirect to the same host, and a host without a service to the domain itself."
  }
  assert {
    condition = {
      for probe in azurerm_application_gateway.this.probe : probe.name => "${probe.path} ${one(one(probe.match).status_code)}"
    } == { orders = "/now 200", users = "/health 204" }
    error_message = "Each service must be checked at its own path, for its own status."
  }
  assert {
    condition     = azurerm_dns_a_record.this[0].name == "*.staging" && output.url == "https://staging.example.com"
    error_message = "One wildcard record must serve all services, including future ones."
  }
}

run "a_gateway_with_all_slots_taken" {
  command = plan
  variables {
    origin  = null
    service = null
    domain = {
      name        = "staging.example.com"
      zone        = null
      certificate = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.KeyVault/vaults/certificates/secrets/star"
    }
    services = { for slot in range(1, 99) : "s${slot}" => {
      origin = "stg-s${slot}.happy-test.westeurope.azurecontainerapps.io", slot = slot, check = { path = "/now", status = 200 }, request_seconds = 30
    } }
  }
  # A rule's priority depends only on its slot, so fewer slots cannot collide either.
  assert {
    condition = alltrue([
      for all in [
        azurerm_application_gateway.this.request_routing_rule[*].priority, azurerm_application_gateway.this.request_routing_rule[*].name,
        azurerm_application_gateway.this.http_listener[*].name
      ] : length(all) == 100 && length(distinct(all)) == 100
    ])
    error_message = "With all slots taken no priority and no name may occur twice."
  }
}

run "a_zone_id_in_the_form_that_the_command_line_prints" {
  command = plan
  variables {
    domain = {
      name        = "time.xn--e1afmkfd.xn--p1ai"
      zone        = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.Network/dnszones/xn--e1afmkfd.xn--p1ai"
      certificate = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test/providers/Microsoft.KeyVault/vaults/certificates/secrets/time"
    }
  }
  assert {
    condition     = azurerm_dns_a_record.this[0].name == "time" && azurerm_dns_a_record.this[0].zone_name == "xn--e1afmkfd.xn--p1ai"
    error_message = "A zone's id may have its type in lower case, and its name may be in Punycode."
  }
}
