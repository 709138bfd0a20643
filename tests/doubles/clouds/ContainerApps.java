import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Revisions and traffic of Container Apps. A changed template creates a revision, with a name that
 * no revision of this app ever had. In single mode it replaces the others once it is ready; in
 * multiple mode it runs beside them. Refused are weights that do not add up to 100 or name a
 * revision that is not active, a suffix used twice, CPU and memory that do not match, and an image
 * from a registry that the app's identity may not pull from.
 *
 * <p>The share of {@code latestRevision} goes to the newest revision that is ready:
 * https://github.com/microsoft/azure-container-apps/issues/244 and
 * https://learn.microsoft.com/azure/container-apps/application-lifecycle-management#zero-downtime-deployment
 */
final class ContainerApps {
  private final Store store;
  private final Set<String> used = new HashSet<>();

  /**
   * Revisions that are not ready, and how often they or their app are still read before they are. If
   * the image's digest begins with dead, as if it did not exist, the revision never becomes ready.
   */
  private final Map<String, Integer> unready = new HashMap<>();

  /** Percent of the requests by image after each change; empty while the app is stopped. */
  final List<Map<String, Object>> history = new ArrayList<>();

  /**
   * How long a new right to pull has no effect:
   * https://learn.microsoft.com/azure/role-based-access-control/troubleshooting#symptom---role-assignment-changes-are-not-being-detected
   */
  Duration spreads = Duration.ZERO;

  /** Reads of a new revision or its app before it is ready; below 0, it never is. */
  int slowness;

  ContainerApps(Store store) {
    this.store = store;
  }

  /** Checks an app, creates its revision if one is due, and fills in what Azure computes. */
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
              Instant.EPOCH.plusSeconds(used.size()).toString());
      String revisionId = id.text() + "/revisions/" + latest;
      int reads = Json.print(template).contains("@sha256:dead") ? -1 : slowness;
      if (reads != 0) {
        unready.put(latest, reads);
      }
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
    boolean stops = !due && single && loses(id, old, latest);
    properties.put("latestRevisionName", latest);
    properties.put("runningStatus", stops ? "Stopped" : "Running");
    settle(id, properties);
    prune(id, configuration);

    String environment =
        Objects.requireNonNullElse(
            Json.text(properties, "managedEnvironmentId"), Json.text(properties, "environmentId"));
    String domain = Json.text(store.get(environment), "properties.defaultDomain");
    properties.put("environmentId", environment);
    properties.put("managedEnvironmentId", environment);
    properties.put("latestRevisionFqdn", latest + "." + domain);
    properties.put("outboundIpAddresses", Json.array("203.0.113.251"));
    properties.put("customDomainVerificationId", "NONE");
    if (configuration.get("ingress") instanceof Map) {
      Map<String, Object> ingress = Json.inside(configuration, "ingress");
      boolean external = Boolean.TRUE.equals(ingress.get("external"));
      ingress.put("fqdn", id.name() + (external ? "." : ".internal.") + domain);
    }
  }

  /**
   * Whether a change to single mode takes requests from a revision that is not the newest. In that
   * case that one stays active and the newest is turned off, so that the app is "not started":
   * https://github.com/microsoft/azure-container-apps/issues/679
   */
  private boolean loses(ArmId id, Map<String, Object> old, String latest) {
    return "Multiple".equals(Json.text(old, "properties.configuration.activeRevisionsMode"))
        && revisions(id).stream()
            .filter(each -> !latest.equals(each.get("name")))
            .anyMatch(each -> weight(Json.inside(each, "properties"), "trafficWeight") > 0);
  }

  /** Counts a read of an app or its revisions, by which revisions become ready. */
  void asked(String path) {
    String app = path.replaceFirst("/revisions(/.*)?$", "");
    if (unready.isEmpty() || !store.has(app) || !ArmId.of(app).is("Microsoft.App/containerApps")) {
      return;
    }
    unready.replaceAll((name, left) -> left - 1);
    unready.values().removeIf(left -> left == 0);
    settle(ArmId.of(app), Json.inside(store.get(app), "properties"));
  }

  /** Updates which revisions are active, and their shares, by which of them are ready. */
  private void settle(ArmId id, Map<String, Object> app) {
    Map<String, Object> configuration = Json.inside(app, "configuration");
    boolean single = !"Multiple".equals(configuration.get("activeRevisionsMode"));
    boolean stopped = "Stopped".equals(app.get("runningStatus"));
    String latest = (String) app.get("latestRevisionName");
    boolean replaced = single && !unready.containsKey(latest);
    String newest = latest;
    for (Map<String, Object> revision : revisions(id)) {
      Map<String, Object> its = Json.inside(revision, "properties");
      boolean isLatest = latest.equals(revision.get("name"));
      if (replaced) {
        its.put("active", isLatest != stopped);
      }
      if (Boolean.TRUE.equals(its.get("active")) && !unready.containsKey(revision.get("name"))) {
        newest = (String) revision.get("name");
      }
    }
    app.put("latestReadyRevisionName", newest);
    Map<String, Object> shares = Json.object();
    for (Map<String, Object> revision : revisions(id)) {
      Map<String, Object> its = Json.inside(revision, "properties");
      String name = (String) revision.get("name");
      long weight = weight(configuration, name, newest.equals(name));
      its.put("trafficWeight", stopped ? 0 : weight);
      its.put("runningState", unready.containsKey(name) ? "Activating" : "Running");
      if (weight > 0 && !stopped) {
        String image = Json.text(Json.objects(its, "template.containers").get(0), "image");
        shares.merge(image, weight, (one, other) -> (Long) one + (Long) other);
      }
    }
    if (history.isEmpty() || !history.get(history.size() - 1).equals(shares)) {
      history.add(shares);
    }
  }

  /** All revisions, from the oldest to the newest. */
  private List<Map<String, Object>> revisions(ArmId id) {
    List<Map<String, Object>> all = new ArrayList<>(store.list(id.text() + "/revisions"));
    all.sort(Comparator.comparing(each -> Json.text(each, "properties.createdTime")));
    return all;
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
      throw new FakeCloud.Refusal(
          400, "InvalidRevisionSuffix", "revision with suffix " + suffix + " already exists.");
    }
    return id.name() + "--" + suffix;
  }

  private void checkTraffic(
      ArmId id, Map<String, Object> configuration, boolean single, String latest) {
    List<Map<String, Object>> traffic = Json.objects(configuration, "ingress.traffic");
    if (configuration.get("ingress") instanceof Map
        && traffic.stream().mapToLong(ContainerApps::weight).sum() != 100) {
      throw new FakeCloud.Refusal(
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
        throw new FakeCloud.Refusal(400, "RevisionNotFound", "Revision " + name + " was not found.");
      }
      if (single) {
        throw new FakeCloud.Refusal(
            400,
            "TrafficInvalidInSingleMode",
            "In single mode all traffic goes to the latest revision.");
      }
      if (revision != null && !Boolean.TRUE.equals(Json.at(revision, "properties.active"))) {
        throw new FakeCloud.Refusal(400, "RevisionInactive", "Revision " + name + " is not active.");
      }
    }
  }

  private static long weight(Map<String, Object> part) {
    return weight(part, "weight");
  }

  private static long weight(Map<String, Object> part, String key) {
    return part.get(key) instanceof Number weight ? weight.longValue() : 0;
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

  /** Removes the oldest inactive revisions. */
  private void prune(ArmId id, Map<String, Object> configuration) {
    long keep =
        configuration.get("maxInactiveRevisions") instanceof Number number
            ? number.longValue()
            : 100;
    List<Map<String, Object>> inactive = revisions(id);
    inactive.removeIf(each -> Boolean.TRUE.equals(Json.at(each, "properties.active")));
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
        throw new FakeCloud.Refusal(
            400,
            "ContainerAppInvalidResourceTotal",
            "CPU " + cpu + " and memory " + memory + " are no pair that Container Apps has.");
      }
    }
  }

  /** Refuses at once; Azure itself would try for fifteen minutes first. */
  private void checkPull(
      Map<String, Object> app, Map<String, Object> configuration, Map<String, Object> template) {
    for (Map<String, Object> container : Json.objects(template, "containers")) {
      String server = Json.text(container, "image").split("/")[0];
      if (server.endsWith(".azurecr.io") && !mayPull(app, configuration, server)) {
        throw new FakeCloud.Refusal(
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
            .filter(
                each ->
                    server.equals(
                        Json.text(
                            store.get(Json.text(each, "properties.scope")),
                            "properties.loginServer")))
            .map(each -> Instant.parse(Json.text(each, "properties.createdOn")))
            .anyMatch(given -> !given.plus(spreads).isAfter(Instant.now()));
      }
    }
    return false;
  }
}
