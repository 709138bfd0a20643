import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;

/**
 * The APIs whose resources have the same kind of name, {@code projects/P/COLLECTION/NAME}: Artifact
 * Registry, IAM, Monitoring, Scheduler, Certificate Manager, and, almost, Cloud DNS.
 */
final class GoogleNames {
  private static final String SCHEDULES = "schedules";

  private final Google google;

  GoogleNames(Google google) {
    this.google = google;
  }

  FakeCloud.Response respond(String api, FakeCloud.Request request) {
    if (api.equals("dns")) {
      return records(request);
    }
    Matcher path = Google.match("/v[123]/(projects/[^:]+?)(?::(\\w+))?", request.path());
    // Scheduler and Cloud Run both have jobs.
    String id =
        api.equals("cloudscheduler")
            ? path.group(1).replace("/jobs", "/" + SCHEDULES)
            : path.group(1);
    if (api.equals("iam") && GoogleIam.owns(id)) {
      return google.iam.respond(id, path.group(2), request);
    }
    if (path.group(2) != null) {
      return verb(id, path.group(2), request);
    }
    boolean collection = id.split("/").length % 2 == 1;
    boolean operations = List.of("artifactregistry", "certificatemanager").contains(api);
    switch (request.method()) {
      case "GET":
        return Google.ok(
            collection
                ? Json.object(
                    id.replaceFirst(".*/", "")
                        .replace("serviceAccounts", "accounts")
                        .replace(SCHEDULES, "jobs"),
                    google.store.list(id))
                : google.existing(FakeCloud.decode(id)));
      case "POST":
        return create(id, request, operations);
      case "DELETE":
        if ("true".equals(request.query().get("force"))) {
          forget(id);
        }
        return delete(FakeCloud.decode(id), operations);
      default:
        return update(FakeCloud.decode(id), request, operations);
    }
  }

  private FakeCloud.Response verb(String id, String verb, FakeCloud.Request request) {
    if (verb.endsWith("IamPolicy")) {
      return google.policy(id, request, verb.equals("setIamPolicy"));
    }
    if (verb.equals("resume") || verb.equals("pause")) {
      google.existing(id).put("state", verb.equals("resume") ? "ENABLED" : "PAUSED");
      return Google.ok(google.existing(id));
    }
    throw new FakeCloud.Refusal(501, "notImplemented", "This double does not know :" + verb);
  }

  private FakeCloud.Response create(String collection, FakeCloud.Request request, boolean operation) {
    Map<String, Object> body = request.json();
    String kind = collection.replaceFirst(".*/", "");
    if (kind.equals("serviceAccounts")) {
      body = account(collection, body);
    }
    String name =
        body.containsKey("name")
            ? Json.text(body, "name").replaceFirst(".*/", "")
            : name(kind, request);
    String id = collection + "/" + name;
    google.absent(id);
    body.put("name", id.replace(SCHEDULES, "jobs"));
    check(id, body);
    if (operation) {
      body.put("createTime", Google.TIME);
      body.put("updateTime", Google.TIME);
    }
    switch (kind) {
      case "uptimeCheckConfigs", "alertPolicies", "notificationChannels", "dashboards" ->
          body.put("etag", "e" + google.next());
      case "dnsAuthorizations" -> body.put(
          "dnsResourceRecord",
          Json.object(
              "name", "_acme-challenge." + body.get("domain") + ".",
              "type", "CNAME",
              "data", google.next() + ".authorize.certificatemanager.goog."));
      case "certificates" -> Json.inside(body, "managed").put("state", "PROVISIONING");
      case "certificateMapEntries" -> body.put("state", "ACTIVE");
      case SCHEDULES -> {
        body.put("state", "ENABLED");
        Json.object(
                "maxRetryDuration", "0s",
                "minBackoffDuration", "5s",
                "maxBackoffDuration", "3600s",
                "maxDoublings", 5L)
            .forEach(Json.inside(body, "retryConfig")::putIfAbsent);
      }
      default -> {}
    }
    if (kind.equals("alertPolicies")) {
      conditions(id, body);
    }
    withoutZeros(id, body);
    google.store.put(id, body);
    return operation
        ? Google.done(parent(id) + "/operations/" + google.next(), body)
        : Google.ok(body);
  }

  /**
   * Monitoring omits whatever has its default value, even if it was set explicitly:
   * https://protobuf.dev/programming-guides/json/ and, for the positions of tiles,
   * https://github.com/hashicorp/terraform-provider-google/issues/24650.
   */
  private static void withoutZeros(String id, Object value) {
    if (value instanceof List<?> list) {
      list.forEach(each -> withoutZeros(id, each));
    } else if (value instanceof Map<?, ?> object
        && id.matches("projects/[^/]+/(dashboards|alertPolicies|uptimeCheckConfigs)/.*")) {
      object
          .values()
          .removeIf(
              each ->
                  each instanceof Number number && number.doubleValue() == 0
                      || Boolean.FALSE.equals(each)
                      || "".equals(each)
                      || each instanceof List<?> list && list.isEmpty());
      object.values().forEach(each -> withoutZeros(id, each));
    }
  }

  private String name(String kind, FakeCloud.Request request) {
    String parameter =
        Map.of(
                "repositories", "repository_id",
                "certificates", "certificateId",
                "certificateMaps", "certificateMapId",
                "certificateMapEntries", "certificateMapEntryId",
                "dnsAuthorizations", "dnsAuthorizationId")
            .get(kind);
    return parameter == null
        ? String.valueOf(7000000 + google.next())
        : request.query().get(parameter);
  }

  private static String parent(String id) {
    Matcher parent = Google.match("(projects/[^/]+(?:/locations/[^/]+)?)/.*", id);
    return parent.group(1);
  }

  private Map<String, Object> account(String collection, Map<String, Object> body) {
    String account = Json.text(body, "accountId");
    if (!account.matches("[a-z]([-a-z0-9]{4,28}[a-z0-9])")) {
      throw Google.invalid("Invalid account id: " + account);
    }
    String project = collection.split("/")[1];
    String email = account + "@" + project + ".iam.gserviceaccount.com";
    Map<String, Object> created =
        Json.copy(Json.asObject(body.getOrDefault("serviceAccount", Json.object())));
    created.put("name", email);
    created.put("email", email);
    created.put("projectId", project);
    created.put("uniqueId", String.valueOf(100000 + google.next()));
    return created;
  }

  private void conditions(String id, Map<String, Object> body) {
    for (Map<String, Object> condition : Json.objects(body, "conditions")) {
      if (!condition.containsKey("name")) {
        condition.put("name", id + "/conditions/" + google.next());
      }
    }
  }

  private FakeCloud.Response update(String id, FakeCloud.Request request, boolean operation) {
    Map<String, Object> object = google.existing(id);
    Map<String, Object> changed = Json.copy(object);
    Map<String, Object> body = request.json();
    body.remove("name");
    changed.putAll(body);
    check(id, changed);
    if (id.contains("/alertPolicies/")) {
      conditions(id, changed);
    }
    withoutZeros(id, changed);
    google.store.put(id, changed);
    return operation
        ? Google.done(parent(id) + "/operations/" + google.next(), changed)
        : Google.ok(changed);
  }

  /**
   * Removes a channel that is deleted by force from all policies:
   * https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.notificationChannels/delete
   */
  private void forget(String channel) {
    google
        .store
        .list(channel.replaceFirst("/notificationChannels/.*", "/alertPolicies"))
        .forEach(
            policy -> {
              List<Object> kept = Json.array();
              Google.list(policy.get("notificationChannels")).stream()
                  .filter(each -> !each.equals(channel))
                  .forEach(kept::add);
              policy.put("notificationChannels", kept);
              withoutZeros((String) policy.get("name"), policy);
            });
  }

  private FakeCloud.Response delete(String id, boolean operation) {
    google.existing(id);
    String kind = id.replaceFirst("/[^/]+$", "").replaceFirst(".*/", "");
    if (List.of(
            "uptimeCheckConfigs",
            "notificationChannels",
            "certificates",
            "certificateMaps",
            "dnsAuthorizations")
        .contains(kind)) {
      String mention = kind.equals("uptimeCheckConfigs") ? id.replaceFirst(".*/", "") : id;
      for (Map.Entry<String, Map<String, Object>> entry : google.store.all().entrySet()) {
        if (!entry.getKey().equals(id) && Json.print(entry.getValue()).contains(mention)) {
          throw Google.inUse(id, entry.getKey());
        }
      }
    }
    google.store.remove(id);
    return operation
        ? Google.done(parent(id) + "/operations/" + google.next(), Json.object())
        : Google.ok(Json.object());
  }

  /** Checks references and the schedule. */
  private void check(String id, Map<String, Object> body) {
    for (Object channel : Google.list(body.get("notificationChannels"))) {
      google.existing((String) channel);
    }
    for (Object certificate : Google.list(body.get("certificates"))) {
      google.existing((String) certificate);
    }
    for (Object proof : Google.list(Json.at(body, "managed.dnsAuthorizations"))) {
      google.existing((String) proof);
    }
    String account = Json.text(body, "httpTarget.oauthToken.serviceAccountEmail");
    if (account != null && !google.hasAccount(account)) {
      throw new FakeCloud.Refusal(404, "notFound", "Service account " + account + " does not exist.");
    }
    String schedule = Json.text(body, "schedule");
    if (schedule != null && !schedule.matches("(\\*|\\d+|\\*/\\d+)( (\\*|\\d+|\\*/\\d+)){4}")) {
      throw Google.invalid("Schedule or timezone is invalid: " + schedule);
    }
  }

  // Cloud DNS: record sets of a zone, which always exists

  private FakeCloud.Response records(FakeCloud.Request request) {
    Matcher path =
        Google.match(
            "/dns/v1/(projects/[^/]+/managedZones/[^/]+)/(changes|rrsets)(?:/.*)?", request.path());
    String sets = path.group(1) + "/rrsets";
    if (path.group(2).equals("changes") && request.method().equals("GET")) {
      return Google.ok(Json.object("status", "done"));
    }
    if (path.group(2).equals("changes")) {
      Map<String, Object> change = request.json();
      Json.objects(change, "deletions").forEach(set -> google.store.remove(record(sets, set)));
      Json.objects(change, "additions")
          .forEach(
              set -> {
                google.absent(record(sets, set));
                google.store.put(record(sets, set), set);
              });
      change.put("status", "done");
      change.put("id", String.valueOf(google.next()));
      return Google.ok(change);
    }
    List<Map<String, Object>> found = google.store.list(sets);
    found.removeIf(
        set ->
            request.query().containsKey("name")
                    && !request.query().get("name").equals(set.get("name"))
                || request.query().containsKey("type")
                    && !request.query().get("type").equals(set.get("type")));
    return Google.ok(Json.object("rrsets", found));
  }

  private static String record(String sets, Map<String, Object> set) {
    return sets + "/" + set.get("type") + " " + set.get("name");
  }
}
