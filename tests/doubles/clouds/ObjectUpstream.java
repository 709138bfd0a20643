import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An emulator of Cloud Storage behind the buckets that the double created. */
final class ObjectUpstream {
  /** Objects in the JSON API, and their content in the XML API. */
  private static final Pattern OBJECTS =
      Pattern.compile(
          "(?:/(?:upload|download))?(?:/resumable)?/storage/v1/b/([^/]+)/o(?:/.*)?"
              + "|/(?!storage/|upload/)([^/]+)/.+");

  private static final Map<String, String> JSON = Map.of("Content-Type", "application/json");

  private final Upstream upstream;

  /** Buckets that exist in the emulator. */
  private final Set<String> created = new HashSet<>();

  ObjectUpstream(Upstream upstream) {
    this.upstream = upstream;
  }

  boolean owns(FakeCloud.Request request) {
    return OBJECTS.matcher(request.path()).matches();
  }

  static String bucket(String path) {
    Matcher matcher = OBJECTS.matcher(path);
    return matcher.matches()
        ? matcher.group(1) != null ? matcher.group(1) : matcher.group(2)
        : null;
  }

  /**
   * @param bucket as the double has it
   */
  FakeCloud.Response respond(FakeCloud.Request request, Map<String, Object> bucket) {
    String name = bucket(request.path());
    if (created.add(name)) {
      Map<String, Object> versioning = Json.asObject(bucket.get("versioning"));
      Map<String, Object> body = Json.object("name", name, "versioning", versioning);
      upstream.send(
          "POST",
          "/storage/v1/b?project=" + Google.PROJECT_NUMBER,
          JSON,
          Json.print(body).getBytes(StandardCharsets.UTF_8));
    }
    return upstream.forward(request, request.path());
  }

  /** Removes a bucket if it is empty; returns whether it was. */
  boolean removeEmpty(String name) {
    String path = "/storage/v1/b/" + name;
    FakeCloud.Response objects = upstream.send("GET", path + "/o?versions=true", Map.of(), new byte[0]);
    boolean empty = !new String((byte[]) objects.body(), StandardCharsets.UTF_8).contains("\"name\"");
    if (empty && created.remove(name)) {
      upstream.send("DELETE", path, Map.of(), new byte[0]);
    }
    return empty;
  }
}
