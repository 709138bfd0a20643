# What the world can reach, and how.
mock_provider "google" {
  source = "./.."
}

variables {
  services = null
  name     = "test"
  domain   = null
  waf      = false
  origin   = "us-central1/test"
}

run "with_the_variables_above" {
  assert {
    condition     = google_compute_global_forwarding_rule.http.port_range == "80" && length(google_compute_global_forwarding_rule.https) == 0
    error_message = "By default only port 80 must be open."
  }
  assert {
    condition     = google_compute_target_http_proxy.this.url_map == google_compute_url_map.this.id && output.url == "http://203.0.113.10"
    error_message = "Without a domain port 80 must serve under the load balancer's address."
  }
  assert {
    condition = (
      google_compute_backend_service.this["service"].load_balancing_scheme == "EXTERNAL_MANAGED"
      && google_compute_global_forwarding_rule.http.load_balancing_scheme == "EXTERNAL_MANAGED"
    )
    error_message = "The scheme must be set to EXTERNAL_MANAGED everywhere: the provider's default is the classic one, and is to change."
  }
  assert {
    condition = (
      one(google_compute_backend_service.this["service"].backend).group == google_compute_region_network_endpoint_group.this["service"].id
      && google_compute_url_map.this.default_service == google_compute_backend_service.this["service"].id
    )
    error_message = "All requests must go to the service's endpoint."
  }
  assert {
    condition = (
      google_compute_region_network_endpoint_group.this["service"].network_endpoint_type == "SERVERLESS"
      && google_compute_region_network_endpoint_group.this["service"].cloud_run[0].service == "test"
      && google_compute_region_network_endpoint_group.this["service"].region == "us-central1"
    )
    error_message = "The endpoint must be the Cloud Run service in its region."
  }
  assert {
    condition = (
      google_compute_backend_service.this["service"].health_checks == null
      && alltrue([for backend in google_compute_backend_service.this["service"].backend : backend.max_utilization == null || backend.max_utilization == 0])
    )
    error_message = "Neither a health check nor a utilisation may be set: Google refuses both for a serverless endpoint."
  }
  assert {
    condition = [
      for header in google_compute_url_map.this.header_action[0].request_headers_to_add :
      [header.header_name, header.header_value, header.replace]
    ] == [["X-Client-Address", "{client_ip_address}", true]]
    error_message = "The load balancer must set the client's address in the header that the service reads, and replace what the client sent."
  }
  assert {
    condition     = google_compute_backend_service.this["service"].custom_request_headers == null
    error_message = "The backend service must not add the header a second time."
  }
  assert {
    condition = (
      [
        for rule in google_compute_security_policy.this.rule :
        [
          rule.priority,
          one(rule.rate_limit_options).enforce_on_key,
          one(rule.rate_limit_options).exceed_action,
          one(one(rule.rate_limit_options).rate_limit_threshold).count,
        ]
        if rule.action == "throttle"
      ]
      == [[1000, "IP", "deny(429)", 1200]]
    )
    error_message = "Each client address must be limited to 1,200 requests a minute, and get 429 above that."
  }
  assert {
    condition = (
      google_compute_backend_service.this["service"].security_policy == google_compute_security_policy.this.id
      && google_compute_backend_service.this["service"].log_config[0].enable
    )
    error_message = "The backend must use the policy and log its requests."
  }
  assert {
    condition     = length(google_compute_security_policy.this.rule) == 2
    error_message = "By default the policy must have two rules, the limit and the default, because Google bills filters."
  }
}

run "another_origin_gets_a_new_endpoint_beside_the_old_one" {
  variables {
    origin = "europe-west1/test"
  }
  assert {
    condition     = google_compute_region_network_endpoint_group.this["service"].name == "test-${substr(sha256("europe-west1/test"), 0, 8)}"
    error_message = "Another origin must get another name: an endpoint in use cannot be replaced under its own name."
  }
}

run "filters_come_before_the_rate_limit" {
  variables {
    waf = true
  }
  assert {
    condition     = length([for rule in google_compute_security_policy.this.rule : rule if rule.action == "deny(403)" && rule.priority < 1000]) == 6
    error_message = "Six filters must come before the rate limit."
  }
}

run "with_a_domain" {
  variables {
    domain = { name = "time.example.com", zone = "example-com" }
  }
  assert {
    condition = (
      google_compute_global_forwarding_rule.https[0].port_range == "443"
      && google_compute_target_https_proxy.this[0].certificate_map
      == "//certificatemanager.googleapis.com/projects/test-project/locations/global/certificateMaps/test"
      && google_compute_target_https_proxy.this[0].url_map == google_compute_url_map.this.id
    )
    error_message = "With a domain port 443 must serve with the certificate map."
  }
  assert {
    condition = (
      google_certificate_manager_certificate_map_entry.this[0].hostname == "time.example.com"
      && google_certificate_manager_certificate_map_entry.this[0].certificates == tolist(["projects/test-project/locations/global/certificates/test"])
    )
    error_message = "The certificate map must have the managed certificate for this name."
  }
  assert {
    condition = (
      google_compute_ssl_policy.this[0].min_tls_version == "TLS_1_2"
      && google_compute_ssl_policy.this[0].profile == "RESTRICTED"
      && google_compute_target_https_proxy.this[0].ssl_policy == google_compute_ssl_policy.this[0].id
    )
    error_message = "TLS versions must be 1.2 and 1.3 only."
  }
  assert {
    condition = (
      google_dns_record_set.proof[0].name == "_acme-challenge.time.example.com."
      && google_certificate_manager_certificate.this[0].managed[0].dns_authorizations == tolist([
        "projects/test-project/locations/global/dnsAuthorizations/test",
      ])
    )
    error_message = "A DNS record must prove the domain, so that the certificate does not need the name to point here yet."
  }
  assert {
    condition = (
      google_dns_record_set.this[0].name == "time.example.com."
      && google_dns_record_set.this[0].rrdatas == tolist(["203.0.113.10"]) && output.url == "https://time.example.com"
    )
    error_message = "The domain name must point to the load balancer."
  }
  assert {
    condition = (
      google_compute_target_http_proxy.this.url_map == google_compute_url_map.redirect[0].id
      && google_compute_url_map.redirect[0].default_service == null
    )
    error_message = "With a domain port 80 must only redirect."
  }
  assert {
    condition = (
      google_compute_url_map.redirect[0].default_url_redirect[0].host_redirect == "time.example.com"
      && google_compute_url_map.redirect[0].default_url_redirect[0].https_redirect
    )
    error_message = "Port 80 must redirect to the given domain: a forged Host header must not send visitors elsewhere."
  }
}

run "a_given_certificate_needs_no_zone" {
  variables {
    domain = { name = "time.example.com", certificate = "projects/test-project/locations/global/certificates/own" }
  }
  assert {
    condition = (
      length(google_certificate_manager_certificate.this) == 0 && length(google_dns_record_set.this) == 0
      && length(google_dns_record_set.proof) == 0
      && google_certificate_manager_certificate_map_entry.this[0].certificates == tolist([var.domain.certificate])
    )
    error_message = "The given certificate must be used, and no record created."
  }
}

run "a_load_balancer_of_a_platform" {
  command = plan
  variables {
    origin   = null
    domain   = { name = "staging.example.com", zone = "example-com" }
    services = { orders = "us-central1/stg-orders", users = "us-central1/stg-users" }
  }
  assert {
    condition     = { for rule in google_compute_url_map.this.host_rule : rule.path_matcher => one(rule.hosts) } == { orders = "orders.staging.example.com", users = "users.staging.example.com" }
    error_message = "Each service must have its own host."
  }
  assert {
    condition = (
      { for key, backend in google_compute_backend_service.this : key => backend.name } == { orders = "stg-orders", users = "stg-users" } &&
      { for key, group in google_compute_region_network_endpoint_group.this : key => one(group.cloud_run).service } == { orders = "stg-orders", users = "stg-users" }
    )
    error_message = "Each host must lead to the service of that name, by a backend and an endpoint of its own."
  }
  assert {
    condition     = google_compute_url_map.this.default_service == null && one(google_compute_url_map.this.default_url_redirect).host_redirect == "staging.example.com"
    error_message = "A host without a service must be redirected to the domain itself."
  }
  assert {
    condition     = one(google_compute_url_map.redirect).default_url_redirect[0].host_redirect == null && one(google_compute_url_map.redirect).default_url_redirect[0].https_redirect
    error_message = "Port 80 must redirect to HTTPS with the same host."
  }
  assert {
    condition = (
      one(google_certificate_manager_certificate.this).managed[0].domains == tolist(["*.staging.example.com"]) &&
      one(google_certificate_manager_dns_authorization.this).domain == "staging.example.com" &&
      one(google_dns_record_set.this).name == "*.staging.example.com."
    )
    error_message = "One wildcard certificate and one wildcard record must serve all services, including future ones."
  }
}
