locals {
  # The services of a platform; none if the load balancer belongs to one service.
  shared = var.services == null ? {} : var.services
  # Each has its own name, so metrics distinguish them. One backend with a URL mask would not, and would publish every
  # service in the region whose name matches.
  backends = merge(
    { for key in ["service"] : key => { name = var.name, origin = var.origin } if var.services == null },
    { for key, origin in local.shared : key => { name = split("/", origin)[1], origin = origin } },
  )
}

# Keeps the backends of load balancers from before the variable services.
moved {
  from = google_compute_region_network_endpoint_group.this
  to   = google_compute_region_network_endpoint_group.this["service"]
}

moved {
  from = google_compute_backend_service.this
  to   = google_compute_backend_service.this["service"]
}

resource "google_compute_global_address" "this" {
  name       = var.name
  ip_version = "IPV4"
}

# Can neither be changed nor deleted while in use: its name depends on its target, and a new one is created before the
# old one is deleted.
resource "google_compute_region_network_endpoint_group" "this" {
  for_each = local.backends

  name                  = "${each.value.name}-${substr(sha256(each.value.origin), 0, 8)}"
  region                = split("/", each.value.origin)[0]
  network_endpoint_type = "SERVERLESS"

  # The service may be created later than this.
  cloud_run {
    service = split("/", each.value.origin)[1]
  }

  lifecycle {
    create_before_destroy = true
  }
}

# No health check and no timeout, which Google refuses for serverless endpoints: Cloud Run checks each instance itself,
# and the service has its own limits.
# https://cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts#limitations
resource "google_compute_backend_service" "this" {
  for_each = local.backends

  name                  = each.value.name
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"
  security_policy       = google_compute_security_policy.this.id

  backend {
    group = google_compute_region_network_endpoint_group.this[each.key].id
  }

  # One request in ten. Only this log shows requests that Cloud Armor refused; the service logs those that reach it.
  # Some 0.1 GiB per million requests, 0.50 USD/GiB beyond the 50 that are free.
  log_config {
    enable      = true
    sample_rate = 0.1
  }

  # When a service is removed, the URL map stops using it first.
  lifecycle {
    create_before_destroy = true
  }
}

resource "google_compute_url_map" "this" {
  name            = var.name
  default_service = var.services == null ? google_compute_backend_service.this["service"].id : null

  # A host that belongs to no service: redirects to the domain itself, where you can put your own page.
  dynamic "default_url_redirect" {
    for_each = var.services == null ? [] : [var.domain.name]

    content {
      host_redirect          = default_url_redirect.value
      path_redirect          = "/"
      https_redirect         = true
      redirect_response_code = "FOUND"
      strip_query            = true
    }
  }

  dynamic "host_rule" {
    for_each = local.shared

    content {
      hosts        = ["${host_rule.key}.${var.domain.name}"]
      path_matcher = host_rule.key
    }
  }

  dynamic "path_matcher" {
    for_each = local.shared

    content {
      name            = path_matcher.key
      default_service = google_compute_backend_service.this[path_matcher.key].id
    }
  }

  # The service reads the client's address from this header; X-Forwarded-For begins with whatever the client sent. Set
  # here, because a backend service only adds headers. If the value has a variable, replace is false by default, which
  # would leave the client's own value in front:
  # https://cloud.google.com/compute/docs/reference/rest/v1/urlMaps (HttpHeaderOption)
  header_action {
    request_headers_to_add {
      header_name  = "X-Client-Address"
      header_value = "{client_ip_address}"
      replace      = true
    }
  }
}
