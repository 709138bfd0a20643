# Takes six minutes to create and six to delete. 0.246 USD an hour, and 0.008 for each capacity unit in use:
# https://azure.microsoft.com/pricing/details/application-gateway/
resource "azurerm_application_gateway" "this" {
  # checkov:skip=CKV_AZURE_120:WAF costs 143 USD a month more and is a variable
  # checkov:skip=CKV_AZURE_217:without a domain there is no certificate; with one, the listener on 80 redirects
  name                = var.name
  resource_group_name = var.place.resource_group
  location            = var.place.location
  zones               = ["1", "2", "3"]
  http2_enabled       = true
  firewall_policy_id  = one(azurerm_web_application_firewall_policy.this[*].id)

  sku {
    name = var.waf ? "WAF_v2" : "Standard_v2"
    tier = var.waf ? "WAF_v2" : "Standard_v2"
  }
  autoscale_configuration {
    # Available in all zones even at 0; each reserved instance costs 58 USD a month.
    min_capacity = 0
    max_capacity = 10
  }
  gateway_ip_configuration {
    name      = "subnet"
    subnet_id = one(var.public_subnet_ids)
  }
  frontend_ip_configuration {
    name                 = "public"
    public_ip_address_id = azurerm_public_ip.this.id
  }
  dynamic "frontend_port" {
    for_each = local.ports
    content {
      name = frontend_port.key
      port = frontend_port.value
    }
  }

  # TLS 1.2 and 1.3, forward secrecy only.
  ssl_policy {
    policy_type = "Predefined"
    policy_name = "AppGwSslPolicy20220101S"
  }

  dynamic "http_listener" {
    for_each = local.listeners
    content {
      name                           = http_listener.key
      frontend_ip_configuration_name = "public"
      frontend_port_name             = http_listener.value.port
      protocol                       = title(http_listener.value.port)
      host_name                      = http_listener.value.host
      ssl_certificate_name           = http_listener.value.port == "https" ? "domain" : null
    }
  }

  dynamic "request_routing_rule" {
    for_each = local.rules
    content {
      name                        = request_routing_rule.key
      priority                    = request_routing_rule.value.priority
      rule_type                   = "Basic"
      http_listener_name          = request_routing_rule.value.listener
      backend_address_pool_name   = request_routing_rule.value.service
      backend_http_settings_name  = request_routing_rule.value.service
      rewrite_rule_set_name       = request_routing_rule.value.rewrite
      redirect_configuration_name = request_routing_rule.value.redirect
    }
  }

  # The service's host name in the environment, which leads there before the service exists.
  dynamic "backend_address_pool" {
    for_each = local.backends
    content {
      name  = backend_address_pool.key
      fqdns = [backend_address_pool.value.origin]
    }
  }

  dynamic "backend_http_settings" {
    for_each = local.backends
    content {
      name                  = backend_http_settings.key
      protocol              = "Https"
      port                  = 443
      cookie_based_affinity = "Disabled"
      # Container Apps finds the service by this name, which is also in its certificate.
      pick_host_name_from_backend_address = true
      probe_name                          = backend_http_settings.value.probe
      request_timeout                     = backend_http_settings.value.of.request_seconds
    }
  }

  # Requests what visitors request, and accepts only that status: a service that returns 404 is not healthy.
  dynamic "probe" {
    for_each = local.backends
    content {
      name                                      = probe.value.probe
      protocol                                  = "Https"
      path                                      = probe.value.of.check.path
      pick_host_name_from_backend_http_settings = true
      interval                                  = 10
      timeout                                   = 5
      unhealthy_threshold                       = 3
      match {
        status_code = [tostring(probe.value.of.check.status)]
      }
    }
  }

  # Replaces any value from the client. The gateway's own X-Forwarded-For does not reach the service.
  rewrite_rule_set {
    name = "client"
    rewrite_rule {
      name          = "address"
      rule_sequence = 100
      request_header_configuration {
        header_name  = "X-Client-IP"
        header_value = "{var_client_ip}"
      }
    }
  }

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.this.id]
  }

  dynamic "ssl_certificate" {
    for_each = terraform_data.certificate[*]
    content {
      name                = "domain"
      key_vault_secret_id = local.certificate
    }
  }

  dynamic "redirect_configuration" {
    for_each = local.redirects
    content {
      name                 = redirect_configuration.value.name
      redirect_type        = redirect_configuration.value.kind
      target_url           = redirect_configuration.value.url
      target_listener_name = redirect_configuration.value.to
      include_path         = redirect_configuration.value.kept
      include_query_string = redirect_configuration.value.kept
    }
  }

  # Otherwise the gateway's ports are closed while it is created, and Azure gives up.
  depends_on = [azurerm_subnet_network_security_group_association.this]
}
