import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A double of the parts of Google Cloud that the stacks use: one class for each family of APIs, and
 * here what they share.
 *
 * <p>It stores what it gets, adds what Google adds, and refuses what Google refuses and Terraform's
 * provider does not notice: missing resources, resources in use, calls to an API that is off. Each
 * refusal has a test in tests/doubles/test_fake_google.py. It checks permissions only after the
 * order "judge".
 */
final class Google implements FakeCloud.Cloud {
  /** APIs that are on in every project from the beginning. */
  private static final Set<String> ALWAYS = Set.of("serviceusage", "cloudresourcemanager");

  static final String PROJECT_NUMBER = "123456789012";
  static final String TIME = "2026-11-21T07:05:09.123456Z";

  private static final Map<Integer, String> STATUS =
      Map.of(
          400, "INVALID_ARGUMENT",
          403, "PERMISSION_DENIED",
          404, "NOT_FOUND",
          409, "ALREADY_EXISTS",
          412, "FAILED_PRECONDITION",
          500, "INTERNAL",
          501, "UNIMPLEMENTED");

  final Store store = new Store(false);
  private final Set<String> enabled = new HashSet<>();
  private List<?> denied = List.of();
  private long counter;
  private String project = "";

  private final GoogleCompute compute = new GoogleCompute(this);
  private final GoogleRun run = new GoogleRun(this);
  private final GoogleStorage storage = new GoogleStorage(this);
  private final GooglePolicies policies = new GooglePolicies(this);
  private final GoogleRights rights = new GoogleRights(this);
  final GoogleIam iam = new GoogleIam(this);
  private final GoogleNames names = new GoogleNames(this);

  public static void main(String... arguments) throws Exception {
    FakeCloud.serve(new Google(), arguments);
  }

  @Override
  public FakeCloud.Response respond(FakeCloud.Request request) {
    String api = request.host().replaceFirst("\\.googleapis\\.com$", "");
    if (api.equals("openidconnect") || request.path().contains("/oauth2/")) {
      return ok(Json.object("email", "someone@example.com", "email_verified", true));
    }
    if (!ALWAYS.contains(api) && !enabled.contains(api)) {
      throw new FakeCloud.Refusal(
          403,
          "SERVICE_DISABLED",
          api + ".googleapis.com has not been used in this project before or it is disabled.");
    }
    rights.check(api, request);
    return switch (api) {
      case "cloudresourcemanager" -> project(request);
      case "serviceusage" -> services(request);
      case "compute" -> compute.respond(request);
      case "run" -> run.respond(request);
      case "storage" -> storage.respond(request);
      default -> names.respond(api, request);
    };
  }

  /** The errors of all of Google's newer APIs; those of Compute and Storage look much the same. */
  @Override
  public FakeCloud.Response refuse(FakeCloud.Refusal refusal) {
    String message = refusal.getMessage();
    Map<String, Object> reason = Json.object("reason", refusal.code, "message", message);
    return new FakeCloud.Response(
        refusal.status,
        Json.object(
            "error", Json.object(
                "code", (long) refusal.status,
                "message", message,
                "status", STATUS.getOrDefault(refusal.status, "UNKNOWN"),
                "errors", Json.array(reason))));
  }

  @Override
  public Object resources() {
    return store.all();
  }

  @Override
  public Object order(String name, Map<String, Object> details) {
    switch (name) {
      case "enable":
        list(details.get("services")).forEach(api -> enable((String) api));
        return null;
      case "deny":
        denied = list(details.get("permissions"));
        return null;
      case "objects": // an emulator that really stores them, with generations
        storage.upstream = new ObjectUpstream(new Upstream(Json.text(details, "url"), null));
        return null;
      case "judge": // by tests/doubles/google_rights.py
        rights.judge(details);
        return null;
      case "used": // account to the permissions that it used
        return rights.used;
      case "fail-next-revision":
        run.failNextRevision = true;
        return null;
      case "late-revisions":
        run.late = (Long) details.get("requests");
        return null;
      case "history":
        return run.history;
      case "hold-addresses":
        compute.holdsAddresses = true;
        return null;
      case "release-addresses":
        compute.holdsAddresses = false;
        compute.held.clear();
        return null;
      default:
        return FakeCloud.Cloud.super.order(name, details);
    }
  }

  // Projects and their APIs

  private FakeCloud.Response project(FakeCloud.Request request) {
    Matcher path = match("/(?:v1|v3)/(projects/([^/:]+))(?::(\\w+))?", request.path());
    String verb = path.group(3);
    if (verb != null && verb.endsWith("IamPolicy")) {
      project = path.group(2);
      return policy(path.group(1), request, verb.equals("setIamPolicy"));
    }
    if (verb != null) {
      List<Object> granted = new ArrayList<>(list(request.json().get("permissions")));
      granted.removeAll(denied);
      return ok(Json.object("permissions", granted));
    }
    project = path.group(2);
    if (project.startsWith("no-")) {
      throw new FakeCloud.Refusal(403, "forbidden", "The caller does not have permission");
    }
    return ok(
        Json.object(
            "projectId", project,
            "projectNumber", PROJECT_NUMBER,
            "name", project,
            "lifecycleState", "ACTIVE"));
  }

  /** Id of the project that was requested last; Google also calls it by its number. */
  String project() {
    return project;
  }

  private FakeCloud.Response services(FakeCloud.Request request) {
    Matcher path = match("/v1/(projects/[^/]+)/services(/[^:]+)?(?::(\\w+))?", request.path());
    String verb = path.group(3);
    if ("batchEnable".equals(verb)) {
      list(request.json().get("serviceIds")).forEach(id -> enable((String) id));
      return done("operations/" + next(), Json.object());
    }
    if ("enable".equals(verb)) {
      enable(path.group(2).substring(1));
      return done("operations/" + next(), Json.object());
    }
    if (path.group(2) != null) {
      return ok(service(path.group(1), path.group(2).substring(1)));
    }
    List<Object> services = Json.array();
    enabled.forEach(api -> services.add(service(path.group(1), api + ".googleapis.com")));
    return ok(Json.object("services", services));
  }

  private void enable(String service) {
    enabled.add(service.replaceFirst("\\.googleapis\\.com$", ""));
  }

  private Map<String, Object> service(String project, String name) {
    boolean on = enabled.contains(name.replaceFirst("\\.googleapis\\.com$", ""));
    return Json.object(
        "name", project + "/services/" + name,
        "config", Json.object("name", name),
        "state", on ? "ENABLED" : "DISABLED");
  }

  // What the families share

  static Matcher match(String pattern, String path) {
    Matcher matcher = Pattern.compile(pattern).matcher(path);
    if (!matcher.matches()) {
      throw new FakeCloud.Refusal(501, "notImplemented", "This double does not know " + path);
    }
    return matcher;
  }

  /** The value if it is an array of JSON, otherwise an empty list. */
  static List<?> list(Object value) {
    return value instanceof List<?> list ? list : List.of();
  }

  /** The next number of a sequence, for names and etags. */
  long next() {
    return ++counter;
  }

  static FakeCloud.Response ok(Object body) {
    return new FakeCloud.Response(200, body);
  }

  /** A long-running operation that has succeeded. */
  static FakeCloud.Response done(String name, Map<String, Object> response) {
    return ok(
        Json.object("name", name, "done", true, "metadata", Json.object(), "response", response));
  }

  Map<String, Object> existing(String id) {
    Map<String, Object> object = store.get(id);
    if (object == null) {
      throw new FakeCloud.Refusal(404, "notFound", "The resource '" + id + "' was not found");
    }
    return object;
  }

  void absent(String id) {
    if (store.has(id)) {
      throw new FakeCloud.Refusal(409, "alreadyExists", "The resource '" + id + "' already exists");
    }
  }

  static FakeCloud.Refusal invalid(String message) {
    return new FakeCloud.Refusal(400, "invalid", message);
  }

  static FakeCloud.Refusal inUse(String id, String user) {
    return new FakeCloud.Refusal(
        400,
        "resourceInUseByAnotherResource",
        "The resource '" + id + "' is already being used by '" + user + "'");
  }

  /** A resource of Compute Engine, except the given one, that refers to id; null if there is none. */
  String user(String id, String except) {
    return compute.user(id, except);
  }

  /** Reports that something with addresses in subnets was deleted. */
  void released(Map<String, Object> gone, String id) {
    compute.released(gone, id);
  }

  /** Whether a service account of this e-mail address exists. */
  boolean hasAccount(String email) {
    return store.all().keySet().stream().anyMatch(id -> id.endsWith("/serviceAccounts/" + email));
  }

  /** getIamPolicy and setIamPolicy of any resource. */
  FakeCloud.Response policy(String id, FakeCloud.Request request, boolean write) {
    return policies.respond(id, request, write);
  }
}
