import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What Azure refuses in an application gateway with parts for many services. */
final class ArmGateway {
  private ArmGateway() {}

  static void check(Map<String, Object> body) {
    List<Map<String, Object>> listeners = Json.objects(body, "properties.httpListeners");
    List<Map<String, Object>> rules = Json.objects(body, "properties.requestRoutingRules");
    // https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits#application-gateway-limits
    long most = "WAF_v2".equals(Json.text(body, "properties.sku.tier")) ? 40 : 100;
    Set<String> active = new HashSet<>();
    rules.forEach(rule -> active.add(Json.text(rule, "properties.httpListener.id")));
    if (active.size() > most) {
      throw refusal(
          "ApplicationGatewayActiveListenersLimitReached",
          active.size() + " active listeners, of which this gateway takes " + most + ".");
    }
    unique(rules, "ApplicationGatewayRequestRoutingRulePriorityNotUnique", "priority");
    unique(
        listeners,
        "ApplicationGatewayHttpListenersUsingSameFrontendPortAndFrontendIpConfig",
        "frontendPort.id",
        "hostName");
    for (String parts :
        List.of("httpListeners", "requestRoutingRules", "backendAddressPools", "probes")) {
      Set<String> names = new HashSet<>();
      for (Map<String, Object> part : Json.objects(body, "properties." + parts)) {
        if (!names.add(Json.text(part, "name"))) {
          throw refusal("DuplicateResourceName", parts + " has " + part.get("name") + " twice.");
        }
      }
    }
    // https://github.com/Azure/application-gateway-kubernetes-ingress/issues/1001
    for (Map<String, Object> redirect :
        Json.objects(body, "properties.redirectConfigurations")) {
      String target = Json.text(redirect, "properties.targetListener.id");
      for (Map<String, Object> listener : listeners) {
        String name = "/" + Json.text(listener, "name");
        String host = Json.text(listener, "properties.hostName");
        if (target != null && target.endsWith(name) && host != null && host.contains("*")) {
          throw refusal(
              "ApplicationGatewayRedirectConfigurationTargetListenerWildcardHostNameError",
              target + " uses wildcard hostname.");
        }
      }
    }
  }

  private static void unique(List<Map<String, Object>> parts, String code, String... keys) {
    Set<String> seen = new HashSet<>();
    for (Map<String, Object> part : parts) {
      StringBuilder value = new StringBuilder();
      for (String key : keys) {
        Object at = Json.at(part, "properties." + key);
        value.append(at == null ? "" : at).append(' ');
      }
      if (!seen.add(value.toString())) {
        throw refusal(code, value + "is not unique.");
      }
    }
  }

  private static FakeCloud.Refusal refusal(String code, String message) {
    return new FakeCloud.Refusal(400, code, message);
  }
}
