# Serves if there is no domain; otherwise redirects to HTTPS.
resource "google_compute_global_forwarding_rule" "http" {
  name                  = "${var.name}-http"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.this.id
  ip_protocol           = "TCP"
  port_range            = "80"
  target                = google_compute_target_http_proxy.this.id
}

resource "google_compute_target_http_proxy" "this" {
  name    = "${var.name}-http"
  url_map = var.domain == null ? google_compute_url_map.this.id : google_compute_url_map.redirect[0].id
}

resource "google_compute_url_map" "redirect" {
  count = var.domain == null ? 0 : 1

  name = "${var.name}-redirect"

  default_url_redirect {
    # Always to the domain: a forged host must not send visitors elsewhere. With several services, each keeps its own
    # host.
    host_redirect          = var.services == null ? var.domain.name : null
    https_redirect         = true
    redirect_response_code = "MOVED_PERMANENTLY_DEFAULT"
    strip_query            = false
  }
}

resource "google_compute_global_forwarding_rule" "https" {
  count = var.domain == null ? 0 : 1

  name                  = "${var.name}-https"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.this.id
  ip_protocol           = "TCP"
  port_range            = "443"
  target                = google_compute_target_https_proxy.this[0].id
}

resource "google_compute_target_https_proxy" "this" {
  count = var.domain == null ? 0 : 1

  name            = "${var.name}-https"
  url_map         = google_compute_url_map.this.id
  certificate_map = "//certificatemanager.googleapis.com/${google_certificate_manager_certificate_map.this[0].id}"
  ssl_policy      = google_compute_ssl_policy.this[0].id
}

# TLS 1.2 and 1.3, forward secrecy only; Google's default still accepts TLS 1.0:
# https://cloud.google.com/load-balancing/docs/ssl-policies-concepts
resource "google_compute_ssl_policy" "this" {
  count = var.domain == null ? 0 : 1

  name            = var.name
  min_tls_version = "TLS_1_2"
  profile         = "RESTRICTED"
}
