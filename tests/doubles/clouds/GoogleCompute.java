import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Compute Engine: networks and load balancers. Operations are complete when they respond. */
final class GoogleCompute {
  private static final String BASE = "https://www.googleapis.com/compute/v1/";
  private static final Pattern LINK =
      Pattern.compile(
          "(?:https://[^/]+/compute/(?:v1|beta)/)?"
              + "(projects/[^/]+/(?:global|regions/[^/]+)/(?!regions/)\\w+/[^/]+)");

  private final Google google;

  /**
   * Whether Cloud Run keeps addresses of a subnet after a service was deleted, as it does for an hour
   * or two.
   */
  boolean holdsAddresses;

  /** Subnet to what still has addresses in it. */
  final Map<String, String> held = new TreeMap<>();

  private final GoogleMachines machines;

  GoogleCompute(Google google) {
    this.google = google;
    machines = new GoogleMachines(google);
  }

  FakeCloud.Response respond(FakeCloud.Request request) {
    if (request.path().matches("/compute/v1/projects/[^/]+")) {
      return Google.ok(Json.object("kind", "compute#project", "name", google.project()));
    }
    if (request.path().matches("/compute/v1/projects/[^/]+/regions/[^/]+")) {
      return region(request.path().replaceFirst(".*/", ""));
    }
    if (request.path().matches("/compute/v1/projects/[^/]+/global/images/family/[^/]+")) {
      // Google's own images always exist.
      return Google.ok(
          Json.object("name", "an-image", "selfLink", BASE + request.path().substring(12)));
    }
    Matcher path =
        Google.match(
            "/compute/v1/(projects/[^/]+/(?:global|regions/[^/]+))/(\\w+)(?:/([^/]+))?(?:/(\\w+))?",
            // Global, although its path does not say so.
            request
                .path()
                .replaceFirst("(?<=/projects/[^/]{1,30})(?=/targetHttpProxies/)", "/global"));
    String collection = path.group(1) + "/" + path.group(2);
    String verb = path.group(4);
    if (path.group(3) == null) {
      return request.method().equals("POST")
          ? insert(collection, request.json())
          : Google.ok(Json.object("items", google.store.list(collection)));
    }
    String id = collection + "/" + path.group(3);
    if (path.group(2).equals("operations")) {
      return operation(id, "");
    }
    Map<String, Object> object = google.existing(id);
    switch (request.method()) {
      case "GET":
        if (verb == null && path.group(2).equals("instanceGroupManagers")) {
          machines.settle(object);
        }
        return Google.ok(verb == null ? object : read(verb, object, request));
      case "DELETE":
        return delete(id);
      default:
        return update(id, object, verb, request);
    }
  }

  private static FakeCloud.Response region(String name) {
    if (!name.equals("us-central1")) {
      throw new FakeCloud.Refusal(404, "notFound", "The resource 'regions/" + name + "' was not found");
    }
    return Google.ok(Json.object("name", name, "zones", Json.array("a", "b", "c", "f")));
  }

  private FakeCloud.Response insert(String collection, Map<String, Object> body) {
    String id = collection + "/" + body.get("name");
    google.absent(id);
    check(id, body);
    long number = google.next();
    body.put("id", String.valueOf(1000 + number));
    body.put("selfLink", BASE + id);
    body.put("creationTimestamp", Google.TIME);
    body.put("fingerprint", "f" + number);
    if (collection.contains("/regions/")) {
      body.put("region", BASE + collection.replaceFirst("/\\w+$", ""));
    }
    if (id.contains("/addresses/")) {
      body.put("address", "203.0.113." + (10 + number % 200));
      body.put("status", "RESERVED");
      body.put("labelFingerprint", "l" + number);
    }
    if (id.contains("/forwardingRules/")) {
      body.put("labelFingerprint", "l" + number);
      String address = (String) body.get("IPAddress");
      if (LINK.matcher(address).matches()) { // given by reference, returned by number
        body.put("IPAddress", target(address).get("address"));
      }
      if (body.get("portRange") instanceof String ports) {
        body.put("portRange", range(ports));
      }
      body.put("networkTier", "PREMIUM");
    }
    if (id.contains("/instanceGroupManagers/")) {
      machines.begin(id, body);
    }
    google.store.put(id, body);
    return operation(id, "insert");
  }

  private static String range(String ports) {
    return ports.contains("-") ? ports : ports + "-" + ports;
  }

  private Object read(String verb, Map<String, Object> object, FakeCloud.Request request) {
    if (verb.equals("getRule")) {
      return Json.objects(object, "rules").stream()
          .filter(
              rule -> String.valueOf(rule.get("priority")).equals(request.query().get("priority")))
          .findFirst()
          .orElseThrow(() -> new FakeCloud.Refusal(404, "notFound", "There is no such rule"));
    }
    throw new FakeCloud.Refusal(501, "notImplemented", "This double does not know GET " + verb);
  }

  private FakeCloud.Response update(
      String id, Map<String, Object> object, String verb, FakeCloud.Request request) {
    if (id.contains("/networkEndpointGroups/")) {
      throw new FakeCloud.Refusal(405, "notAllowed", "A network endpoint group cannot be changed");
    }
    if (verb != null && verb.endsWith("Rule")) {
      rule(object, verb, request);
      return operation(id, verb);
    }
    Map<String, Object> changed = Json.copy(object);
    Map<String, Object> body = request.json();
    body.remove("fingerprint");
    if (verb == null && request.method().equals("PUT")) {
      List.of("id", "selfLink", "creationTimestamp", "region", "fingerprint", "securityPolicy")
          .forEach(key -> body.computeIfAbsent(key, absent -> object.get(absent)));
      changed = body;
    } else if (verb == null || verb.equals("setLabels")) {
      // A patch replaces lists and maps as a whole.
      changed.putAll(body);
    } else if (verb.equals("resize")) {
      changed.put("targetSize", Long.valueOf(request.query().get("size")));
    } else if (verb.matches("set[A-Z]\\w*")) {
      String key = verb.substring(3, 4).toLowerCase() + verb.substring(4);
      changed.put(key, body.get(key));
    } else {
      throw new FakeCloud.Refusal(501, "notImplemented", "This double does not know " + verb);
    }
    changed.values().removeIf(Objects::isNull);
    check(id, changed);
    changed.put("fingerprint", "f" + google.next());
    if (id.contains("/instanceGroupManagers/")) {
      machines.begin(id, changed);
    }
    google.store.put(id, changed);
    return operation(id, "update");
  }

  /**
   * Adds, changes or removes one rule of a policy, by its priority; the last one stays:
   * https://cloud.google.com/compute/docs/reference/rest/v1/securityPolicies/addRule.
   */
  private void rule(Map<String, Object> policy, String verb, FakeCloud.Request request) {
    List<Map<String, Object>> rules = new ArrayList<>(Json.objects(policy, "rules"));
    Map<String, Object> body = request.json();
    Object priority =
        verb.equals("addRule")
            ? body.get("priority")
            : Long.valueOf(request.query().get("priority"));
    Map<String, Object> there =
        rules.stream()
            .filter(rule -> rule.get("priority").equals(priority))
            .findFirst()
            .orElse(null);
    if (there == null != verb.equals("addRule")) {
      throw Google.invalid(
          there == null
              ? "The rule at priority " + priority + " does not exist."
              : "Cannot have rules with the same priorities.");
    }
    switch (verb) {
      case "addRule" -> rules.add(body);
      case "patchRule" -> there.putAll(body);
      default -> {
        if (priority.equals(2147483647L)) {
          throw Google.invalid("A security policy must have a rule of priority 2147483647");
        }
        rules.remove(there);
      }
    }
    policy.put("rules", rules);
    policy.put("fingerprint", "f" + google.next());
  }

  private FakeCloud.Response delete(String id) {
    if (id.contains("/instanceGroupManagers/")) {
      machines.end(id);
    }
    String user = user(id);
    if (user != null) {
      throw Google.inUse(id, user);
    }
    google.store.remove(id);
    return operation(id, "delete");
  }

  /** A resource that refers to this one; null if there is none. */
  String user(String id) {
    return user(id, id);
  }

  /** A resource, except the given one, that refers to this one; null if there is none. */
  String user(String id, String except) {
    if (held.containsKey(id)) {
      return held.get(id);
    }
    for (Map.Entry<String, Map<String, Object>> entry : google.store.all().entrySet()) {
      if (!entry.getKey().equals(id)
          && !entry.getKey().equals(except)
          && !entry.getKey().contains("/revisions/")
          && links(entry.getValue()).contains(id)) {
        return entry.getKey();
      }
    }
    return null;
  }

  /** Cloud Run reports that something with addresses in subnets was deleted. */
  void released(Object gone, String id) {
    if (holdsAddresses) {
      for (String link : links(gone)) {
        if (link.contains("/subnetworks/")) {
          held.put(
              link,
              link.replaceFirst("subnetworks/.*", "addresses/serverless-ipv4-" + id.hashCode()));
        }
      }
    }
  }

  /** Ids of all Compute Engine resources that an object mentions anywhere. */
  static List<String> links(Object value) {
    List<String> links = new ArrayList<>();
    if (value instanceof Map<?, ?> object) {
      object.forEach(
          (key, each) -> {
            if (!"selfLink".equals(key)) {
              links.addAll(links(each));
            }
          });
    } else if (value instanceof List<?> array) {
      array.forEach(each -> links.addAll(links(each)));
    } else if (value instanceof String text) {
      Matcher link = LINK.matcher(text);
      if (link.matches()) {
        links.add(link.group(1));
      }
    }
    return links;
  }

  Map<String, Object> target(String link) {
    Matcher matcher = LINK.matcher(link);
    if (!matcher.matches()) {
      throw Google.invalid("Invalid value for field: '" + link + "'");
    }
    return google.existing(matcher.group(1));
  }

  /** What Google checks on every write. */
  private void check(String id, Map<String, Object> body) {
    for (String link : links(body)) {
      if (!google.store.has(link)) {
        throw new FakeCloud.Refusal(404, "notFound", "The resource '" + link + "' was not found");
      }
    }
    if (id.contains("/backendServices/")) {
      checkBackend(body);
    }
    if (id.contains("/urlMaps/")) {
      checkHosts(body);
    }
    if (id.contains("/instanceGroupManagers/")) {
      GoogleMachines.check(body);
    }
    for (Map<String, Object> account : Json.objects(body, "properties.serviceAccounts")) {
      if (!google.hasAccount(Json.text(account, "email"))) {
        throw Google.invalid("The service account " + account.get("email") + " does not exist.");
      }
    }
    if (id.contains("/securityPolicies/")) {
      checkRules(Json.objects(body, "rules"));
    }
    // Within one network: https://cloud.google.com/vpc/docs/subnets#ipv4-ranges
    if (id.contains("/subnetworks/")
        && google.store.list(id.replaceFirst("/[^/]+$", "")).stream()
            .anyMatch(
                other ->
                    !id.endsWith("/" + other.get("name"))
                        && Objects.equals(other.get("network"), body.get("network"))
                        && other.get("ipCidrRange").equals(body.get("ipCidrRange")))) {
      throw Google.invalid(
          "Invalid IPCidrRange: "
              + body.get("ipCidrRange")
              + " conflicts with an existing subnetwork");
    }
  }

  private void checkBackend(Map<String, Object> body) {
    for (Map<String, Object> backend : Json.objects(body, "backends")) {
      Map<String, Object> group = target((String) backend.get("group"));
      if (!"SERVERLESS".equals(group.get("networkEndpointType"))) {
        continue;
      }
      if (!Google.list(body.get("healthChecks")).isEmpty()) {
        throw Google.invalid(
            "A backend service with a serverless network endpoint group cannot have health checks");
      }
      if (body.containsKey("timeoutSec")) {
        throw Google.invalid(
            "Timeout sec is not supported for a backend service with serverless network endpoint"
                + " groups");
      }
      if (backend.get("maxUtilization") instanceof Number share
          && share.doubleValue() > 0
          && share.doubleValue() != 0.8) {
        throw Google.invalid(
            "Max utilization is not supported for serverless network endpoint groups");
      }
    }
  }

  /** https://cloud.google.com/compute/docs/reference/rest/v1/urlMaps */
  private static void checkHosts(Map<String, Object> body) {
    if (body.containsKey("defaultService") == body.containsKey("defaultUrlRedirect")) {
      throw Google.invalid("Exactly one of default service and default URL redirect must be set");
    }
    List<Object> hosts = new ArrayList<>();
    List<Object> wanted = new ArrayList<>();
    for (Map<String, Object> rule : Json.objects(body, "hostRules")) {
      hosts.addAll(Google.list(rule.get("hosts")));
      wanted.add(rule.get("pathMatcher"));
    }
    if (hosts.stream().distinct().count() < hosts.size()) {
      throw Google.invalid("A host is in two host rules: " + hosts);
    }
    List<Object> there =
        Json.objects(body, "pathMatchers").stream().map(each -> each.get("name")).toList();
    if (there.stream().distinct().count() < there.size()
        || !there.containsAll(wanted)
        || !wanted.containsAll(there)) {
      throw Google.invalid("Host rules go to " + wanted + ", path matchers are " + there);
    }
  }

  private static void checkRules(List<Map<String, Object>> rules) {
    Map<Object, Object> seen = new LinkedHashMap<>();
    for (Map<String, Object> rule : rules) {
      if (seen.put(rule.get("priority"), rule) != null) {
        throw Google.invalid("Two rules have the priority " + rule.get("priority"));
      }
    }
    if (!rules.isEmpty() && !seen.containsKey(2147483647L)) {
      throw Google.invalid("A security policy must have a rule of priority 2147483647");
    }
  }

  private FakeCloud.Response operation(String id, String type) {
    String name = "operation-" + google.next();
    return Google.ok(
        Json.object(
            "kind", "compute#operation",
            "name", name,
            "operationType", type,
            "status", "DONE",
            "progress", 100L,
            "targetLink", BASE + id,
            "selfLink", BASE + id.replaceFirst("/\\w+/[^/]+$", "") + "/operations/" + name));
  }
}
