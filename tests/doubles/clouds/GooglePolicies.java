import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** IAM policies: who may do what with a resource. Their roles and members must exist. */
final class GooglePolicies {
  private static final Pattern POOL =
      Pattern.compile(
          "principal(?:Set)?://iam\\.googleapis\\.com/projects/"
              + Google.PROJECT_NUMBER
              + "/locations/global/workloadIdentityPools/([^/]+)/.*");

  private final Google google;

  GooglePolicies(Google google) {
    this.google = google;
  }

  FakeCloud.Response respond(String id, FakeCloud.Request request, boolean write) {
    // Projects and secrets always exist.
    if (!id.matches("projects/[^/]+(/secrets/[^/]+)?")) {
      google.existing(id);
    }
    String key = id + "/iamPolicy";
    Map<String, Object> old =
        google.store.has(key) ? google.store.get(key) : Json.object("etag", "ACAB", "version", 1L);
    if (!write) {
      return Google.ok(old);
    }
    Map<String, Object> policy = request.json();
    if (policy.get("policy") instanceof Map) {
      policy = Json.asObject(policy.get("policy"));
    }
    if (policy.containsKey("etag") && !old.get("etag").equals(policy.get("etag"))) {
      throw new FakeCloud.Refusal(
          409,
          "aborted",
          "There were concurrent policy changes. Please retry the whole operation.");
    }
    check(id, policy);
    policy.put("etag", "BwX" + google.next());
    google.store.put(key, policy);
    if (!(policy.get("bindings") instanceof List<?> bindings) || bindings.isEmpty()) {
      google.store.remove(key);
    }
    return Google.ok(policy);
  }

  private void check(String id, Map<String, Object> policy) {
    for (Map<String, Object> binding : Json.objects(policy, "bindings")) {
      if (binding.containsKey("condition")) {
        condition(id, policy);
      }
      String role = Json.text(binding, "role");
      if (role.startsWith("projects/") && !google.store.has(role)) {
        throw Google.invalid("Role (" + role + ") does not exist in the resource's hierarchy.");
      }
      for (Object member : Google.list(binding.get("members"))) {
        member((String) member);
      }
    }
  }

  private void condition(String id, Map<String, Object> policy) {
    if (!Long.valueOf(3).equals(policy.get("version"))) {
      throw Google.invalid("Policy with a conditional role binding must specify version 3.");
    }
    String uniform = "iamConfiguration.uniformBucketLevelAccess.enabled";
    if (id.startsWith("b/") && !Boolean.TRUE.equals(Json.at(google.store.get(id), uniform))) {
      throw Google.invalid("To set an IAM condition, enable uniform bucket-level access.");
    }
  }

  private void member(String who) {
    if (who.startsWith("serviceAccount:") && !google.hasAccount(who.substring(15))) {
      throw Google.invalid("Service account " + who.substring(15) + " does not exist.");
    }
    Matcher pool = POOL.matcher(who);
    String pools = "projects/" + google.project() + "/locations/global/workloadIdentityPools/";
    if (pool.matches() && !google.store.has(pools + pool.group(1))) {
      throw Google.invalid("Identity Pool does not exist (" + pool.group(1) + ").");
    }
  }
}
