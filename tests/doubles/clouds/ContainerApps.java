import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Revisions and traffic of Container Apps. A changed template makes a revision with a name that no
 * revision of this app ever had; in single mode it takes the place of the others, in multiple mode
 * it stands beside them. Refused are weights that do not add up to 100 or name a revision that is
 * not active, a suffix used twice, CPU and memory that do not pair, and an image of a registry that
 * the app's identity may not pull from.
 */
final class ContainerApps {
  private final Store store;
  private final Set<String> used = new HashSet<>();

  ContainerApps(Store store) {
    this.store = store;
  }

  /** Checks an app, makes its revision if one is due, and fills in what Azure computes. */
  void put(ArmId id, Map<String, Object> old, Map<String, Object> app) {
    Map<String, Object> properties = Json.inside(app, "properties");
    Map<String, Object> configuration = Json.inside(properties, "configuration");
    Map<String, Object> template = Json.inside(properties, "template");
    boolean single = !"Multiple".equals(configuration.get("activeRevisionsMode"));
    checkResources(template);
    checkPull(app, configuration, template);

    boolean due =
        old == null
            || !withoutSuffix(template)
                .equals(withoutSuffix(Json.inside(Json.inside(old, "properties"), "template")));
    String latest = due ? newName(id, template) : Json.text(old, "properties.latestRevisionName");
    checkTraffic(id, configuration, single, latest);

    if (due) {
      used.add(id.text().toLowerCase() + " " + latest);
      Map<String, Object> revision =
          Json.object(
              "active",
              true,
              "template",
              Json.copy(template),
              "provisioningState",
              "Provisioned",
              "healthState",
              "Healthy",
              "createdTime",
              java.time.Instant.now().toString());
      String revisionId = id.text() + "/revisions/" + latest;
      store.put(
          revisionId,
          Json.object(
              "id",
              revisionId,
              "name",
              latest,
              "type",
              id.type() + "/revisions",
              "properties",
              revision));
    }
    for (Map<String, Object> revision : store.list(id.text() + "/revisions")) {
      boolean isLatest = revision.get("name").equals(latest);
      Map<String, Object> its = Json.inside(revision, "properties");
      if (single) {
        its.put("active", isLatest);
      }
      its.put("trafficWeight", weight(configuration, (String) revision.get("name"), isLatest));
    }
    prune(id, configuration);

    String environment =
        Objects.requireNonNullElse(
            Json.text(properties, "managedEnvironmentId"), Json.text(properties, "environmentId"));
    String domain = Json.text(store.get(environment), "properties.defaultDomain");
    properties.put("environmentId", environment);
    properties.put("managedEnvironmentId", environment);
    properties.put("latestRevisionName", latest);
    properties.put("latestReadyRevisionName", latest);
    properties.put("latestRevisionFqdn", latest + "." + domain);
    properties.put("outboundIpAddresses", Json.array("203.0.113.251"));
    properties.put("customDomainVerificationId", "NONE");
    properties.put("runningStatus", "Running");
    if (configuration.get("ingress") instanceof Map) {
      Map<String, Object> ingress = Json.inside(configuration, "ingress");
      boolean external = Boolean.TRUE.equals(ingress.get("external"));
      ingress.put("fqdn", id.name() + (external ? "." : ".internal.") + domain);
    }
  }

  void activate(ArmId revision, boolean active) {
    Json.inside(store.get(revision.text()), "properties").put("active", active);
  }

  private static Map<String, Object> withoutSuffix(Map<String, Object> template) {
    Map<String, Object> copy = Json.copy(template);
    copy.remove("revisionSuffix");
    return copy;
  }

  private String newName(ArmId id, Map<String, Object> template) {
    String suffix = Objects.requireNonNullElse(Json.text(template, "revisionSuffix"), "");
    if (suffix.isEmpty()) {
      for (int count = used.size(); ; count++) {
        String name = id.name() + "--" + String.format("%07x", 0xabc0001 + count);
        if (!used.contains(id.text().toLowerCase() + " " + name)) {
          return name;
        }
      }
    }
    if (used.contains(id.text().toLowerCase() + " " + id.name() + "--" + suffix)) {
      throw new Echo.Refusal(
          400, "InvalidRevisionSuffix", "revision with suffix " + suffix + " already exists.");
    }
    return id.name() + "--" + suffix;
  }

  private void checkTraffic(
      ArmId id, Map<String, Object> configuration, boolean single, String latest) {
    List<Map<String, Object>> traffic = Json.objects(configuration, "ingress.traffic");
    if (configuration.get("ingress") instanceof Map
        && traffic.stream().mapToLong(ContainerApps::weight).sum() != 100) {
      throw new Echo.Refusal(
          400, "TrafficWeightsInvalid", "The weights of traffic must add up to 100.");
    }
    for (Map<String, Object> part : traffic) {
      if (Boolean.TRUE.equals(part.get("latestRevision"))) {
        continue;
      }
      String name = Json.text(part, "revisionName");
      Map<String, Object> revision =
          name == null ? null : store.get(id.text() + "/revisions/" + name);
      if (revision == null && !latest.equals(name)) {
        throw new Echo.Refusal(400, "RevisionNotFound", "Revision " + name + " was not found.");
      }
      if (single) {
        throw new Echo.Refusal(
            400,
            "TrafficInvalidInSingleMode",
            "In single mode all traffic goes to the latest revision.");
      }
      if (revision != null && !Boolean.TRUE.equals(Json.at(revision, "properties.active"))) {
        throw new Echo.Refusal(400, "RevisionInactive", "Revision " + name + " is not active.");
      }
    }
  }

  private static long weight(Map<String, Object> part) {
    return part.get("weight") instanceof Number weight ? weight.longValue() : 0;
  }

  private static long weight(Map<String, Object> configuration, String revision, boolean latest) {
    return Json.objects(configuration, "ingress.traffic").stream()
        .filter(
            part ->
                Boolean.TRUE.equals(part.get("latestRevision"))
                    ? latest
                    : revision.equals(part.get("revisionName")))
        .mapToLong(ContainerApps::weight)
        .sum();
  }

  /** The oldest inactive revisions go. */
  private void prune(ArmId id, Map<String, Object> configuration) {
    long keep =
        configuration.get("maxInactiveRevisions") instanceof Number number
            ? number.longValue()
            : 100;
    List<Map<String, Object>> inactive = new ArrayList<>(store.list(id.text() + "/revisions"));
    inactive.removeIf(each -> Boolean.TRUE.equals(Json.at(each, "properties.active")));
    inactive.sort(
        (one, two) ->
            Json.text(one, "properties.createdTime")
                .compareTo(Json.text(two, "properties.createdTime")));
    for (int i = 0; i < inactive.size() - keep; i++) {
      store.remove((String) inactive.get(i).get("id"));
    }
  }

  /** https://learn.microsoft.com/azure/container-apps/containers#allocations */
  private static void checkResources(Map<String, Object> template) {
    for (Map<String, Object> container : Json.objects(template, "containers")) {
      BigDecimal cpu = new BigDecimal(String.valueOf(Json.at(container, "resources.cpu")));
      String memory = String.valueOf(Json.at(container, "resources.memory"));
      if (!memory.endsWith("Gi")
          || new BigDecimal(memory.replace("Gi", "")).compareTo(cpu.multiply(BigDecimal.valueOf(2)))
              != 0) {
        throw new Echo.Refusal(
            400,
            "ContainerAppInvalidResourceTotal",
            "CPU " + cpu + " and memory " + memory + " are no pair that Container Apps has.");
      }
    }
  }

  /** Azure itself would try for fifteen minutes before it said so. */
  private void checkPull(
      Map<String, Object> app, Map<String, Object> configuration, Map<String, Object> template) {
    for (Map<String, Object> container : Json.objects(template, "containers")) {
      String server = Json.text(container, "image").split("/")[0];
      if (server.endsWith(".azurecr.io") && !mayPull(app, configuration, server)) {
        throw new Echo.Refusal(
            400,
            "ImagePullUnauthorized",
            "Unable to pull " + container.get("image") + ": no identity of the app has the right.");
      }
    }
  }

  private boolean mayPull(
      Map<String, Object> app, Map<String, Object> configuration, String server) {
    for (Map<String, Object> registry : Json.objects(configuration, "registries")) {
      Map<String, Object> identity =
          registry.get("identity") instanceof String id ? store.get(id) : null;
      boolean own =
          Json.at(app, "identity.userAssignedIdentities") instanceof Map<?, ?> identities
              && identities.keySet().stream()
                  .anyMatch(
                      key ->
                          key.toString()
                              .equalsIgnoreCase(String.valueOf(registry.get("identity"))));
      if (server.equals(registry.get("server")) && identity != null && own) {
        return store.all().values().stream()
            .filter(
                each ->
                    "AcrPull"
                        .equals(
                            each.get("type").toString().endsWith("roleAssignments")
                                ? ArmRoles.name(each)
                                : ""))
            .filter(
                each ->
                    Objects.equals(
                        Json.text(each, "properties.principalId"),
                        Json.text(identity, "properties.principalId")))
            .anyMatch(
                each ->
                    server.equals(
                        Json.text(
                            store.get(Json.text(each, "properties.scope")),
                            "properties.loginServer")));
      }
    }
    return false;
  }
}
