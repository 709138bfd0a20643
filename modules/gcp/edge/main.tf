locals {
  region  = split("/", var.origin)[0]
  service = split("/", var.origin)[1]
}

resource "google_compute_global_address" "this" {
  name       = var.name
  ip_version = "IPV4"
}

# Cannot be changed and cannot go while it is used: its name follows from what it points to, and a new
# one stands before the old one goes.
resource "google_compute_region_network_endpoint_group" "this" {
  name                  = "${var.name}-${substr(sha256(var.origin), 0, 8)}"
  region                = local.region
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = local.service
  }

  lifecycle {
    create_before_destroy = true
  }
}

# No health check and no timeout, which Google refuses for a serverless endpoint: Cloud Run asks each
# instance itself, and the service has its own limits.
# https://cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts#limitations
resource "google_compute_backend_service" "this" {
  name                  = var.name
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"
  security_policy       = google_compute_security_policy.this.id

  backend {
    group = google_compute_region_network_endpoint_group.this.id
  }

  # One request in ten: the only place where those are seen that Cloud Armor refused. The service logs
  # all that reach it. Some 0.1 GiB per million requests, 0.50 USD/GiB beyond the 50 that are free.
  log_config {
    enable      = true
    sample_rate = 0.1
  }
}

resource "google_compute_url_map" "this" {
  name            = var.name
  default_service = google_compute_backend_service.this.id

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
