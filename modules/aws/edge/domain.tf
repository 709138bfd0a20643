data "aws_region" "current" {}

locals {
  certificate     = try(var.domain.certificate, null)
  managed         = var.domain != null && local.certificate == null
  certificate_arn = local.managed ? aws_acm_certificate_validation.this[0].certificate_arn : local.certificate
  # A shared load balancer serves every name directly below the domain.
  served = var.domain == null ? null : var.cidr == null ? var.domain.name : "*.${var.domain.name}"
  proof  = local.managed ? one(aws_acm_certificate.this[0].domain_validation_options) : null
}

# Free, and renewed by AWS as long as its validation record exists.
resource "aws_acm_certificate" "this" {
  count = local.managed ? 1 : 0

  domain_name       = local.served
  validation_method = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "proof" {
  count = local.managed ? 1 : 0

  zone_id = var.domain.zone
  name    = local.proof.resource_record_name
  type    = local.proof.resource_record_type
  records = [local.proof.resource_record_value]
  ttl     = 300
  # A name has the same validation record in every stack of the account.
  allow_overwrite = true
}

# Takes about two minutes, or forever if the zone is not the one that the internet resolves.
resource "aws_acm_certificate_validation" "this" {
  count = local.managed ? 1 : 0

  certificate_arn         = aws_acm_certificate.this[0].arn
  validation_record_fqdns = [aws_route53_record.proof[0].fqdn]

  timeouts {
    create = "20m"
  }
}

resource "aws_route53_record" "this" {
  count = try(var.domain.zone, null) == null ? 0 : 1

  zone_id = var.domain.zone
  name    = local.served
  type    = "A"

  alias {
    name    = aws_lb.this.dns_name
    zone_id = aws_lb.this.zone_id
    # The load balancer's own health checks decide; DNS has no other target to fail over to.
    evaluate_target_health = false
  }
}
