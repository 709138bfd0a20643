locals {
  # The services of a platform; none where the load balancer is a service's own.
  shared = var.services == null ? {} : var.services
  # Each with a name of its own, so that metrics tell them apart; one backend with a mask for all would not, and would publish
  # whatever in the region has a name that fits.
  backends = merge(
    { for key in ["service"] : key => { name = var.name, origin = var.origin } if var.services == null },
    { for key, origin in local.shared : key => { name = split("/", origin)[1], origin = origin } },
  )
}

# Not made again in a load balancer that is older than services.
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

# Cannot be changed and cannot go while it is used: its name follows from what it points to, and a new
# one stands before the old one goes.
resource "google_compute_region_network_endpoint_group" "this" {
  for_each = local.backends

  name                  = "${each.value.name}-${substr(sha256(each.value.origin), 0, 8)}"
  region                = split("/", each.value.origin)[0]
  network_endpoint_type = "SERVERLESS"

  # Which may be there later than this.
  cloud_run {
    service = split("/", each.value.origin)[1]
  }

  lifecycle {
    create_before_destroy = true
  }
}

# No health check and no timeout, which Google refuses for a serverless endpoint: Cloud Run asks each
# instance itself, and the service has its own limits.
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

  # One request in ten: the only place where those are seen that Cloud Armor refused. The service logs
  # all that reach it. Some 0.1 GiB per million requests, 0.50 USD/GiB beyond the 50 that are free.
  log_config {
    enable      = true
    sample_rate = 0.1
  }

  # Of a service that is taken out, the URL map lets go first.
  lifecycle {
    create_before_destroy = true
  }
}

resource "google_compute_url_map" "this" {
  name            = var.name
  default_service = var.services == null ? google_compute_backend_service.this["service"].id : null

  # A host that no service has: to the domain itself, which is yours to fill.
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

  # The service takes the client's address from here; X-Forwarded-For begins with whatever the client sent.
  # Here and not at the backend service, which only adds: replace is false by default where the value has
  # a variable, and what the client sent would stay before it.
  # https://cloud.google.com/compute/docs/reference/rest/v1/urlMaps (HttpHeaderOption)
  header_action {
    request_headers_to_add {
      header_name  = "X-Client-Address"
      header_value = "{client_ip_address}"
      replace      = true
    }
  }
}
