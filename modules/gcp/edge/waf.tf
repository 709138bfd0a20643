locals {
  # https://cloud.google.com/armor/docs/waf-rules
  rule_sets = var.waf ? ["cve-canary", "sqli-v33-stable", "xss-v33-stable", "lfi-v33-stable", "rce-v33-stable", "protocolattack-v33-stable"] : []
}

# 5 USD a month, 1 for each rule, 0.75 per million requests: https://cloud.google.com/armor/pricing
resource "google_compute_security_policy" "this" {
  # checkov:skip=CKV_GCP_73:the service does not use Log4j; the rule comes with waf
  name        = var.name
  description = "Limits and filters requests to ${var.name}"
  type        = "CLOUD_ARMOR"

  dynamic "rule" {
    for_each = local.rule_sets

    content {
      priority    = 100 + rule.key
      description = rule.value
      action      = "deny(403)"

      match {
        expr {
          # The set's most reliable rules; higher levels refuse legitimate requests.
          expression = "evaluatePreconfiguredWaf('${rule.value}', {'sensitivity': 1})"
        }
      }
    }
  }

  # No person sends 20 requests a second for a minute, and an office behind one address stays below that. Comes after
  # the other rules, because a request within the limit skips all later ones.
  rule {
    priority    = 1000
    description = "1200 requests a minute from one address"
    action      = "throttle"

    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }

    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"
      enforce_on_key = "IP"

      rate_limit_threshold {
        count        = 1200
        interval_sec = 60
      }
    }
  }

  # Every policy has this rule; Google adds it if it is missing.
  rule {
    priority    = 2147483647
    description = "Everything else"
    action      = "allow"

    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
  }
}
