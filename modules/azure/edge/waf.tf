resource "azurerm_web_application_firewall_policy" "this" {
  # checkov:skip=CKV_AZURE_135:the default rule set blocks it; the check looks for OWASP's set of 2020
  count = var.waf ? 1 : 0

  name                = var.name
  resource_group_name = var.place.resource_group
  location            = var.place.location

  policy_settings {
    mode = "Prevention"
  }

  # https://learn.microsoft.com/azure/web-application-firewall/ag/application-gateway-crs-rulegroups-rules
  managed_rules {
    managed_rule_set {
      type    = "Microsoft_DefaultRuleSet"
      version = "2.1"
    }

    managed_rule_set {
      type    = "Microsoft_BotManagerRuleSet"
      version = "1.1"
    }
  }

  custom_rules {
    name                 = "rate"
    priority             = 1
    rule_type            = "RateLimitRule"
    action               = "Block"
    rate_limit_duration  = "FiveMins"
    rate_limit_threshold = 2000
    group_rate_limit_by  = "ClientAddr"

    # Everybody: anything but this address, which no client has.
    match_conditions {
      operator           = "IPMatch"
      negation_condition = true
      match_values       = ["255.255.255.255/32"]

      match_variables {
        variable_name = "RemoteAddr"
      }
    }
  }

  # Deleted only after the gateway no longer uses it.
  lifecycle {
    create_before_destroy = true
  }
}
