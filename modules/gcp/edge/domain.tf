locals {
  managed = var.domain != null && try(var.domain.certificate, null) == null
  # A certificate can neither be changed nor deleted while in use, so each domain gets its own name.
  certificate = var.domain == null ? "" : "${var.name}-${substr(sha256(var.domain.name), 0, 8)}"
  # The name that leads here and is in the certificate; what proves a domain proves *.DOMAIN too.
  host = var.services == null ? try(var.domain.name, null) : "*.${var.domain.name}"
}

# Proves the domain by a record, before the name leads here. Free, and Google renews the certificate as long as the
# record exists: https://cloud.google.com/certificate-manager/docs/domain-authorization
resource "google_certificate_manager_dns_authorization" "this" {
  count = local.managed ? 1 : 0

  name   = local.certificate
  domain = var.domain.name

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_dns_record_set" "proof" {
  count = local.managed ? 1 : 0

  managed_zone = var.domain.zone
  name         = google_certificate_manager_dns_authorization.this[0].dns_resource_record[0].name
  type         = google_certificate_manager_dns_authorization.this[0].dns_resource_record[0].type
  rrdatas      = [google_certificate_manager_dns_authorization.this[0].dns_resource_record[0].data]
  ttl          = 300
}

# Issued some minutes after the apply, at most an hour.
resource "google_certificate_manager_certificate" "this" {
  count = local.managed ? 1 : 0

  name = local.certificate

  managed {
    domains            = [local.host]
    dns_authorizations = [google_certificate_manager_dns_authorization.this[0].id]
  }

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [google_dns_record_set.proof]
}

resource "google_certificate_manager_certificate_map" "this" {
  count = var.domain == null ? 0 : 1

  name = var.name
}

resource "google_certificate_manager_certificate_map_entry" "this" {
  count = var.domain == null ? 0 : 1

  name         = local.certificate
  map          = google_certificate_manager_certificate_map.this[0].name
  hostname     = local.host
  certificates = local.managed ? [google_certificate_manager_certificate.this[0].id] : [var.domain.certificate]

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_dns_record_set" "this" {
  count = try(var.domain.zone, null) == null ? 0 : 1

  managed_zone = var.domain.zone
  name         = "${local.host}."
  type         = "A"
  rrdatas      = [google_compute_global_address.this.address]
  ttl          = 300
}
