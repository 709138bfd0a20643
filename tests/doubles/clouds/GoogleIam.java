import java.util.HashMap;
import java.util.Map;

/**
 * Identity pools with their providers, and custom roles. The id of a deleted one stays reserved:
 * https://cloud.google.com/iam/docs/manage-workload-identity-pools-providers
 */
final class GoogleIam {
  private final Google google;

  /** Deleted resources, by id. */
  private final Map<String, Map<String, Object>> gone = new HashMap<>();

  GoogleIam(Google google) {
    this.google = google;
  }

  static boolean owns(String id) {
    return id.matches("projects/[^/]+/(roles|locations/global/workloadIdentityPools)(/.*)?");
  }

  FakeCloud.Response respond(String id, String verb, FakeCloud.Request request) {
    boolean role = id.matches("projects/[^/]+/roles.*");
    if ("undelete".equals(verb)) {
      return undelete(id, role);
    }
    switch (request.method()) {
      case "GET":
        return Google.ok(
            collection(id) ? Json.object(last(id), google.store.list(id)) : existing(id));
      case "POST":
        return role ? makeRole(id, request) : make(id, request);
      case "DELETE":
        return delete(id, role);
      default:
        Map<String, Object> changed = Json.copy(google.existing(id));
        Map<String, Object> body = request.json();
        body.remove("name");
        changed.putAll(body);
        check(id, changed);
        google.store.put(id, changed);
        return role ? Google.ok(changed) : operation(id, changed);
    }
  }

  private static boolean collection(String id) {
    return id.matches(".*/(roles|workloadIdentityPools|providers)");
  }

  private static String last(String id) {
    return id.replaceFirst(".*/", "");
  }

  /** Also finds deleted resources, which are marked as such. */
  private Map<String, Object> existing(String id) {
    return gone.containsKey(id) ? gone.get(id) : google.existing(id);
  }

  private FakeCloud.Response operation(String id, Map<String, Object> response) {
    return Google.done(id + "/operations/" + google.next(), response);
  }

  private FakeCloud.Response make(String collection, FakeCloud.Request request) {
    boolean pool = last(collection).equals("workloadIdentityPools");
    String name =
        request.query().get(pool ? "workloadIdentityPoolId" : "workloadIdentityPoolProviderId");
    if (name == null || !name.matches("[a-z0-9-]{4,32}") || name.startsWith("gcp-")) {
      throw Google.invalid("Invalid id: " + name);
    }
    String id = collection + "/" + name;
    if (google.store.has(id) || gone.containsKey(id)) {
      throw new FakeCloud.Refusal(409, "alreadyExists", "Requested entity already exists");
    }
    if (!pool) {
      google.existing(collection.replaceFirst("/providers$", ""));
    }
    Map<String, Object> body = request.json();
    // Google puts the project's number into their names.
    body.put("name", id.replaceFirst("projects/[^/]+", "projects/" + Google.PROJECT_NUMBER));
    body.put("state", "ACTIVE");
    check(id, body);
    google.store.put(id, body);
    return operation(id, body);
  }

  private FakeCloud.Response makeRole(String collection, FakeCloud.Request request) {
    String name = Json.text(request.json(), "roleId");
    if (name == null || !name.matches("[a-zA-Z0-9_.]{3,64}")) {
      throw Google.invalid("The role_id " + name + " is invalid.");
    }
    String id = collection + "/" + name;
    if (gone.containsKey(id)) {
      throw new FakeCloud.Refusal(
          400,
          "failedPrecondition",
          "You can't create a role_id (" + name + ") which has been marked for deletion.");
    }
    google.absent(id);
    Map<String, Object> role = Json.asObject(request.json().get("role"));
    role.put("name", id);
    role.put("etag", "BwR" + google.next());
    google.store.put(id, role);
    return Google.ok(role);
  }

  private void check(String id, Map<String, Object> body) {
    if (!id.contains("/providers/")) {
      return;
    }
    if (!(Json.at(body, "attributeMapping") instanceof Map<?, ?> mapping)
        || !mapping.containsKey("google.subject")) {
      throw Google.invalid("The attribute mapping must map google.subject.");
    }
    String issuer = Json.text(body, "oidc.issuerUri");
    if (issuer == null || !issuer.startsWith("https://")) {
      throw Google.invalid("The issuer must be an https URL; it is " + issuer);
    }
    if (issuer.contains("githubusercontent") && Json.text(body, "attributeCondition") == null) {
      throw Google.invalid("The attribute condition must reference one of the provider's claims.");
    }
  }

  private FakeCloud.Response delete(String id, boolean role) {
    Map<String, Object> object = google.existing(id);
    google.store.below(id).forEach((key, each) -> bury(key, each, role));
    bury(id, object, role);
    return role ? Google.ok(object) : operation(id, object);
  }

  private void bury(String id, Map<String, Object> object, boolean role) {
    object.put(role ? "deleted" : "state", role ? (Object) true : "DELETED");
    gone.put(id, object);
    google.store.remove(id);
  }

  private FakeCloud.Response undelete(String id, boolean role) {
    Map<String, Object> object = gone.remove(id);
    if (object == null) {
      throw new FakeCloud.Refusal(400, "failedPrecondition", id + " is not deleted");
    }
    object.remove("deleted");
    if (!role) {
      object.put("state", "ACTIVE");
    }
    google.store.put(id, object);
    return role ? Google.ok(object) : operation(id, object);
  }
}
