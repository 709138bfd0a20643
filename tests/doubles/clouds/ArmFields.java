import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** The fields of resources that Azure computes, as far as Terraform's provider reads them. */
final class ArmFields {
  private static final String CREATED = "2026-01-01T00:00:00Z";

  /** Type to the property that lists its parts, although they are resources of their own. */
  private static final Map<String, String> PARTS =
      Map.of(
          "microsoft.network/virtualnetworks", "subnets",
          "microsoft.network/loadbalancers", "backendAddressPools");

  private final Store store;

  ArmFields(Store store) {
    this.store = store;
  }

  /** Adds these fields to a resource before it is stored. */
  void compute(ArmId id, Map<String, Object> body) {
    if (body.get("location") instanceof String location) {
      body.put("location", location.toLowerCase().replace(" ", ""));
    }
    Map<String, Object> properties = Json.inside(body, "properties");
    if (!id.type().startsWith("Microsoft.Authorization")) {
      properties.put("provisioningState", "Succeeded");
    }
    String location = String.valueOf(body.get("location"));
    switch (id.type().toLowerCase()) {
      case "microsoft.network/virtualnetworks" -> properties.remove("subnets");
      case "microsoft.network/publicipaddresses" -> {
        properties.put("ipAddress", "203.0.113." + (1 + Math.floorMod(id.name().hashCode(), 250)));
        if (properties.get("dnsSettings") instanceof Map) {
          Map<String, Object> dns = Json.inside(properties, "dnsSettings");
          dns.put("fqdn", dns.get("domainNameLabel") + "." + location + ".cloudapp.azure.com");
        }
      }
      case "microsoft.network/loadbalancers" -> {
        properties.remove("backendAddressPools");
        for (String parts :
            List.of("probes", "loadBalancingRules", "outboundRules", "inboundNatRules")) {
          properties.putIfAbsent(parts, Json.array());
        }
        properties.forEach((key, value) -> name(id.text() + "/" + key, value));
      }
      case "microsoft.compute/virtualmachinescalesets" -> {
        properties.put("uniqueId", uuid(id.text()));
        // Azure omits what is off.
        if (properties.get("additionalCapabilities") instanceof Map<?, ?> capabilities
            && !capabilities.containsValue(true)) {
          properties.remove("additionalCapabilities");
        }
      }
      case "microsoft.insights/datacollectionrules" ->
          properties.put("immutableId", "dcr-" + uuid(id.text()).replace("-", ""));
      case "microsoft.network/applicationgateways" -> {
        properties.put("operationalState", "Running");
        properties.forEach((key, value) -> name(id.text() + "/" + key, value));
      }
      case "microsoft.network/privatednszones/virtualnetworklinks" ->
          properties.put("virtualNetworkLinkState", "Completed");
      case "microsoft.managedidentity/userassignedidentities" -> {
        properties.put("tenantId", uuid("tenant"));
        properties.put("principalId", uuid(id.text() + " principal"));
        properties.put("clientId", uuid(id.text() + " client"));
      }
      case "microsoft.containerregistry/registries" -> {
        properties.put("loginServer", id.name() + ".azurecr.io");
        properties.put("creationDate", CREATED);
      }
      case "microsoft.storage/storageaccounts" -> storageAccount(id, properties, location);
      case "microsoft.storage/storageaccounts/blobservices/containers" -> {
        properties.putIfAbsent("publicAccess", "None");
        properties.put("hasImmutabilityPolicy", false);
        properties.put("hasLegalHold", false);
      }
      case "microsoft.operationalinsights/workspaces" ->
          properties.put("customerId", uuid(id.text()));
      case "microsoft.app/managedenvironments" -> {
        properties.put(
            "defaultDomain",
            "kindhill-"
                + uuid(id.text()).substring(0, 8)
                + "."
                + location
                + ".azurecontainerapps.io");
        properties.put("staticIp", "10.20.128.10");
        properties.put(
            "infrastructureResourceGroup", "ME_" + id.name() + "_" + id.group() + "_" + location);
      }
      default -> {}
    }
  }

  private static void storageAccount(ArmId id, Map<String, Object> properties, String location) {
    Map<String, Object> endpoints = Json.object();
    for (String service : List.of("blob", "queue", "table", "file", "dfs", "web")) {
      endpoints.put(service, "https://" + id.name() + "." + service + ".core.windows.net/");
    }
    properties.put("primaryEndpoints", endpoints);
    properties.put("primaryLocation", location);
    properties.put("statusOfPrimary", "available");
    properties.put("creationTime", CREATED);
  }

  /** Gives ids to the named parts of a resource. */
  private static void name(String collection, Object value) {
    if (value instanceof List<?> parts) {
      for (Object part : parts) {
        if (part instanceof Map && Json.asObject(part).get("name") instanceof String name) {
          Json.asObject(part).put("id", collection + "/" + name);
        }
      }
    }
  }

  /** What exists although nobody put it; null if there is no such thing. */
  Map<String, Object> implied(ArmId id) {
    if (!store.has(id.parent())) {
      return null;
    }
    Map<String, Object> properties;
    switch (id.type().toLowerCase()) {
      case "microsoft.network/privatednszones/soa":
        properties =
            Json.object(
                "ttl", 3600,
                "fqdn", ArmId.of(id.parent()).name() + ".",
                "soaRecord", Json.object(
                    "email", "azureprivatedns-host.microsoft.com",
                    "host", "azureprivatedns.net",
                    "expireTime", 2419200,
                    "minimumTtl", 10,
                    "refreshTime", 3600,
                    "retryTime", 300,
                    "serialNumber", 1));
        break;
      case "microsoft.storage/storageaccounts/blobservices":
      case "microsoft.storage/storageaccounts/fileservices":
        properties = Json.object();
        break;
      default:
        return null;
    }
    return Json.object(
        "id", id.text(), "name", id.name(), "type", id.type(), "properties", properties);
  }

  /** A resource as Azure returns it, with those of its parts that are resources themselves. */
  Map<String, Object> shown(ArmId id, Map<String, Object> object) {
    String parts = PARTS.get(id.type().toLowerCase());
    if (parts == null) {
      return object;
    }
    Map<String, Object> whole = Json.copy(object);
    Json.inside(whole, "properties").put(parts, store.list(id.text() + "/" + parts));
    return whole;
  }

  private static String uuid(String name) {
    return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)).toString();
  }
}
