import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Cloud Run: services with their revisions and traffic, and jobs. */
final class GoogleRun {
  private static final String LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST";
  private static final String REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION";
  private static final Pattern RESERVED =
      Pattern.compile("PORT|K_SERVICE|K_REVISION|K_CONFIGURATION|X_GOOGLE_.*");

  /** vCPU to minimum and maximum MiB. */
  private static final Map<String, int[]> SIZES =
      Map.of(
          "1", new int[] {128, 4096},
          "2", new int[] {128, 8192},
          "4", new int[] {2048, 16384},
          "6", new int[] {4096, 24576},
          "8", new int[] {4096, 32768});

  private final Google google;

  /** As if its image did not exist; an image whose digest begins with dead fails too. */
  boolean failNextRevision;


  /**
   * Reads of an operation before its new revision is ready. Until then LATEST stands for the newest
   * that is ready, so the revision before it keeps serving:
   * https://cloud.google.com/run/docs/reference/rest/v1/TrafficTarget (latestRevision).
   */
  long late;

  /** Percent of the requests by image after each request, without repetitions. */
  final List<Object> history = new ArrayList<>();

  /** Name to an operation in progress. */
  private final Map<String, Pending> pending = new HashMap<>();

  private static final class Pending {
    final String id;
    long left;

    Pending(String id, long left) {
      this.id = id;
      this.left = left;
    }
  }

  GoogleRun(Google google) {
    this.google = google;
  }

  FakeCloud.Response respond(FakeCloud.Request request) {
    if (request.path().contains("/operations/")) {
      return goOn(request.path().substring("/v2/".length()));
    }
    Matcher path =
        Google.match(
            "/v2/(projects/[^/]+/locations/[^/]+)/(services|jobs)(?:/([^/:]+))?"
                + "(/revisions(?:/[^/:]+)?)?(?::(\\w+))?",
            request.path());
    String collection = path.group(1) + "/" + path.group(2);
    boolean service = path.group(2).equals("services");
    if (path.group(3) == null) {
      if (!request.method().equals("POST")) {
        return Google.ok(Json.object(path.group(2), google.store.list(collection)));
      }
      String id = collection + "/" + request.query().get(service ? "serviceId" : "jobId");
      google.absent(id);
      return write(id, Json.object("generation", "0"), request.json(), service);
    }
    String id = collection + "/" + path.group(3);
    if (path.group(5) != null) {
      return google.policy(id, request, path.group(5).equals("setIamPolicy"));
    }
    Map<String, Object> object = google.existing(id);
    if (path.group(4) != null) {
      return Google.ok(
          path.group(4).equals("/revisions")
              ? Json.object("revisions", google.store.list(id + "/revisions"))
              : google.existing(id + path.group(4)));
    }
    switch (request.method()) {
      case "GET":
        return Google.ok(object);
      case "PATCH":
        return write(id, object, request.json(), service);
      default:
        google.store.remove(id);
        google.released(object, id);
        return Google.done(operation(id), object);
    }
  }

  private String operation(String id) {
    return id.replaceFirst("/(services|jobs)/[^/]+$", "") + "/operations/" + google.next();
  }

  private FakeCloud.Response write(
      String id, Map<String, Object> before, Map<String, Object> body, boolean service) {
    Map<String, Object> template = Json.asObject(body.get("template"));
    check(service ? template : Json.asObject(template.get("template")));
    Map<String, Object> after = Json.copy(body);
    after.put("name", id);
    after.put(
        "uid",
        before.getOrDefault(
            "uid", "00000000-0000-4000-8000-" + String.format("%012d", google.next())));
    // A 64-bit number is text in JSON.
    after.put("generation", String.valueOf(Long.parseLong(Json.text(before, "generation")) + 1));
    after.put("observedGeneration", after.get("generation"));
    after.put("createTime", Google.TIME);
    after.put("updateTime", Google.TIME);
    after.put("launchStage", "GA");
    after.put("etag", "\"" + google.next() + "\"");
    after.put("terminalCondition", Json.object("type", "Ready", "state", "CONDITION_SUCCEEDED"));
    if (service) {
      return deploy(id, before, after, template);
    }
    after.put("executionCount", 0L);
    google.store.put(id, after);
    return Google.done(operation(id), after);
  }

  private FakeCloud.Response deploy(
      String id,
      Map<String, Object> before,
      Map<String, Object> after,
      Map<String, Object> template) {
    List<Map<String, Object>> traffic = Json.objects(after, "traffic");
    checkTraffic(id, traffic);
    for (String key : List.of("latestCreatedRevision", "latestReadyRevision")) {
      after.put(key, before.get(key));
    }
    boolean failed = false;
    boolean waits = false;
    if (!template.equals(before.get("template"))) {
      String revision =
          id + "/revisions/" + name(id, template, Long.parseLong(Json.text(after, "generation")));
      failed = failNextRevision || Json.print(template).contains("@sha256:dead");
      failNextRevision = false;
      waits = late > 0 && before.containsKey("latestReadyRevision");
      Map<String, Object> created = Json.copy(template);
      created.put("name", revision);
      google.store.put(revision, created);
      after.put("latestCreatedRevision", revision);
      if (!failed && !waits) {
        after.put("latestReadyRevision", revision);
      }
    }
    after.put("trafficStatuses", traffic);
    boolean open = !Boolean.TRUE.equals(after.get("defaultUriDisabled"));
    after.put("urls", open ? Json.array("https://" + id.hashCode() + ".run.app") : Json.array());
    after.put("uri", open ? "https://" + id.hashCode() + ".run.app" : "");
    google.store.put(id, after);
    remember(id);
    if (waits && !failed) {
      after.put(
          "terminalCondition", Json.object("type", "Ready", "state", "CONDITION_RECONCILING"));
      String operation = operation(id);
      pending.put(operation, new Pending(id, late));
      return Google.ok(Json.object("name", operation, "done", false));
    }
    if (failed) {
      String message =
          "Revision '"
              + last(after.get("latestCreatedRevision"))
              + "' is not ready and cannot serve traffic.";
      after.put(
          "terminalCondition",
          Json.object("type", "Ready", "state", "CONDITION_FAILED", "message", message));
      return Google.ok(
          Json.object(
              "name", operation(id),
              "done", true,
              "error", Json.object("code", 9L, "message", message)));
    }
    return Google.done(operation(id), after);
  }

  /** Counts a read of an operation; after the last one the newest revision is ready. */
  private FakeCloud.Response goOn(String operation) {
    Pending going = pending.get(operation);
    if (going == null) {
      throw new FakeCloud.Refusal(404, "notFound", "Requested entity was not found.");
    }
    if (--going.left > 0) {
      return Google.ok(Json.object("name", operation, "done", false));
    }
    pending.remove(operation);
    Map<String, Object> service = google.existing(going.id);
    service.put("latestReadyRevision", service.get("latestCreatedRevision"));
    service.put("terminalCondition", Json.object("type", "Ready", "state", "CONDITION_SUCCEEDED"));
    remember(going.id);
    return Google.done(operation, service);
  }

  /** Adds what serves to the history, if it has changed. */
  private void remember(String id) {
    Map<String, Object> service = google.existing(id);
    Map<String, Object> serving = new TreeMap<>();
    for (Map<String, Object> target : Json.objects(service, "traffic")) {
      Object revision =
          LATEST.equals(target.get("type"))
              ? service.get("latestReadyRevision")
              : id + "/revisions/" + target.get("revision");
      if (revision != null) {
        String image =
            Json.text(
                Json.objects(google.existing((String) revision), "containers").get(0), "image");
        serving.merge(
            image, target.getOrDefault("percent", 0L), (one, two) -> (Long) one + (Long) two);
      }
    }
    if (history.isEmpty() || !history.get(history.size() - 1).equals(serving)) {
      history.add(serving);
    }
  }

  /** The requested name, which can be used only once; otherwise service, number, three letters. */
  private String name(String id, Map<String, Object> template, long generation) {
    if (template.get("revision") instanceof String wanted) {
      google.absent(id + "/revisions/" + wanted);
      return wanted;
    }
    String letters =
        Integer.toString(
            Math.floorMod(Json.print(template).hashCode() * 31 + (int) generation, 36 * 36 * 36),
            36);
    return String.format("%s-%05d-%3s", last(id), generation, letters).replace(' ', '0');
  }

  private static String last(Object id) {
    return ((String) id).replaceFirst(".*/", "");
  }

  private void checkTraffic(String id, List<Map<String, Object>> traffic) {
    long sum = 0;
    for (Map<String, Object> target : traffic) {
      long percent = target.get("percent") instanceof Long number ? number : 0;
      if (percent < 0 || percent > 100) {
        throw Google.invalid(
            "Traffic percent must be between 0 and 100, inclusive; got " + percent);
      }
      sum += percent;
      String revision = Json.text(target, "revision");
      if (REVISION.equals(target.get("type")) && !google.store.has(id + "/revisions/" + revision)) {
        throw Google.invalid(
            "Revision '" + revision + "' does not exist in service '" + last(id) + "'");
      }
      if (LATEST.equals(target.get("type")) && revision != null) {
        throw Google.invalid("A target of the latest revision names no revision");
      }
    }
    if (!traffic.isEmpty() && sum != 100) {
      throw Google.invalid("Traffic percents must sum up to 100; got " + sum);
    }
  }

  /** Checks the template of a revision or of a task. */
  private void check(Map<String, Object> template) {
    String account = Json.text(template, "serviceAccount");
    if (account != null && !google.hasAccount(account)) {
      throw Google.invalid("Service account " + account + " does not exist.");
    }
    for (Map<String, Object> network : Json.objects(template, "vpcAccess.networkInterfaces")) {
      checkSubnet(Json.text(network, "subnetwork"));
    }
    for (Map<String, Object> container : Json.objects(template, "containers")) {
      checkContainer(container);
    }
  }

  private void checkSubnet(String link) {
    Map<String, Object> subnet = google.store.get(link);
    if (subnet == null) {
      throw Google.invalid("VPC subnetwork " + link + " does not exist");
    }
    String range = Json.text(subnet, "ipCidrRange");
    if (Integer.parseInt(range.substring(range.indexOf('/') + 1)) > 26) {
      throw Google.invalid("VPC subnetwork " + link + " must be /26 or larger, it is " + range);
    }
  }

  private static void checkContainer(Map<String, Object> container) {
    for (Map<String, Object> variable : Json.objects(container, "env")) {
      if (RESERVED.matcher((String) variable.get("name")).matches()) {
        throw Google.invalid(
            "The following reserved env names were provided: " + variable.get("name"));
      }
    }
    int[] size = SIZES.get(Json.text(container, "resources.limits.cpu"));
    String memory = Json.text(container, "resources.limits.memory");
    int mebibytes =
        memory != null && memory.matches("\\d+Mi")
            ? Integer.parseInt(memory.replace("Mi", ""))
            : -1;
    if (size == null || mebibytes < size[0] || mebibytes > size[1]) {
      throw Google.invalid(
          "Invalid value specified for container.resources.limits: "
              + Json.at(container, "resources.limits"));
    }
    for (String probe : Set.of("startupProbe", "livenessProbe", "readinessProbe")) {
      if (container.get(probe) instanceof Map<?, ?> settings) {
        long period = number(settings, "periodSeconds", 10);
        if (number(settings, "timeoutSeconds", 1) > period) {
          throw Google.invalid(probe + ": timeout_seconds must not be greater than period_seconds");
        }
        if (probe.equals("startupProbe")
            && period * number(settings, "failureThreshold", 3) > 240) {
          throw Google.invalid(
              probe + ": failure_threshold times period_seconds must not be greater than 240");
        }
      }
    }
  }

  private static long number(Map<?, ?> settings, String key, long otherwise) {
    return settings.get(key) instanceof Long number ? number : otherwise;
  }
}
