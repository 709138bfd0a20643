import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Checks permissions. If a request is signed in as a service account (the token is its e-mail
 * address), a role on the project or on the requested resource must grant that account each
 * permission of the method. Any other token belongs to the project's owner.
 *
 * <p>Methods and roles come from tests/doubles/google_rights.py, custom roles and policies from the
 * store. A method that is not listed is refused to everybody, so that none is forgotten.
 */
final class GoogleRights {
  private static final Pattern ACCOUNT =
      Pattern.compile("Bearer (\\S+@[^.]+\\.iam\\.gserviceaccount\\.com)");
  private static final Pattern VERSION =
      Pattern.compile("/(?:upload/)?(?:resumable/)?(?:(?:compute|storage|dns)/)?v\\d/");
  private static final Pattern TERM =
      Pattern.compile("resource\\.name(?: == '([^']*)'|\\.startsWith\\('([^']*)'\\))");

  private final Google google;
  private final Map<Pattern, List<?>> methods = new LinkedHashMap<>();
  private Map<String, Object> roles = Map.of();

  /** Permissions that each account needed and had. */
  final Map<String, Object> used = new TreeMap<>();

  GoogleRights(Google google) {
    this.google = google;
  }

  /** From now on permissions are checked. */
  void judge(Map<String, Object> table) {
    methods.clear();
    Json.asObject(table.get("methods"))
        .forEach(
            (method, permissions) ->
                methods.put(
                    Pattern.compile("\\Q" + method.replace("*", "\\E[^/:]+\\Q") + "\\E"),
                    Google.list(permissions)));
    roles = Json.asObject(table.get("roles"));
  }

  void check(String api, FakeCloud.Request request) {
    if (methods.isEmpty()) {
      return;
    }
    String path = VERSION.matcher(request.path()).replaceFirst("").replaceFirst("/$", "");
    List<?> permissions = permissions(api + " " + request.method() + " " + path);
    String token = request.headers().getFirst("Authorization");
    Matcher account = ACCOUNT.matcher(token == null ? "" : token);
    if (account.matches()) {
      for (Object permission : permissions) {
        require(
            account.group(1), (String) permission, api, FakeCloud.decode(path) + object(path, request));
      }
    }
  }

  /** The name of an uploaded object is in the query or in the first part of the body. */
  private static String object(String path, FakeCloud.Request request) {
    if (!path.matches("b/[^/]+/o") || !request.method().equals("POST")) {
      return "";
    }
    Matcher name = Pattern.compile("\"name\":\\s*\"([^\"]+)\"").matcher(request.text());
    String asked = request.query().get("name");
    return "/" + (asked != null ? asked : name.find() ? name.group(1) : "");
  }

  private List<?> permissions(String asked) {
    return methods.entrySet().stream()
        .filter(entry -> entry.getKey().matcher(asked).matches())
        .map(Map.Entry::getValue)
        .findFirst()
        .orElseThrow(
            () -> new FakeCloud.Refusal(501, "notImplemented", "google_rights.py lacks " + asked));
  }

  private void require(String account, String permission, String api, String path) {
    String id = path.replaceFirst(":\\w+$", "").replaceFirst("^(b/[^/]+)/iam$", "$1");
    String resource = id;
    if (api.equals("storage")) {
      // A bucket has no policy before it exists: to create one is a right on the project.
      resource = id.replaceFirst("^b/([^/]+)", "projects/_/buckets/$1").replace("/o/", "/objects/");
    }
    List<String> owners = new ArrayList<>(List.of("projects/" + google.project()));
    for (String owner = id; owner.contains("/"); owner = owner.replaceFirst("/[^/]+$", "")) {
      owners.add(owner);
    }
    for (String owner : owners) {
      Map<String, Object> policy = google.store.get(owner + "/iamPolicy");
      for (Map<String, Object> binding :
          policy == null ? List.<Map<String, Object>>of() : Json.objects(policy, "bindings")) {
        if (Google.list(binding.get("members")).contains("serviceAccount:" + account)
            && included(Json.text(binding, "role")).contains(permission)
            && holds(Json.text(binding, "condition.expression"), resource)) {
          Json.asObject(used.computeIfAbsent(account, key -> new TreeMap<String, Object>()))
              .put(permission, true);
          return;
        }
      }
    }
    throw new FakeCloud.Refusal(
        403,
        "forbidden",
        api.equals("storage")
            ? account
                + " does not have "
                + permission
                + " access to the Google Cloud Storage bucket."
            : "Permission '" + permission + "' denied on resource '" + id + "' for " + account);
  }

  private List<?> included(String role) {
    if (role.startsWith("projects/")) {
      return Google.list(google.existing(role).get("includedPermissions"));
    }
    if (!roles.containsKey(role)) {
      throw new FakeCloud.Refusal(501, "notImplemented", "google_rights.py lacks " + role);
    }
    return Google.list(roles.get(role));
  }

  /** Evaluates the part of Google's condition language that our conditions use. */
  private static boolean holds(String expression, String resource) {
    if (expression == null) {
      return true;
    }
    for (String each : expression.split(" \\|\\| ")) {
      Matcher term = TERM.matcher(each);
      if (!term.matches()) {
        throw new FakeCloud.Refusal(501, "notImplemented", "This double does not know " + each);
      }
      if (term.group(1) != null
          ? resource.equals(term.group(1))
          : resource.startsWith(term.group(2))) {
        return true;
      }
    }
    return false;
  }
}
