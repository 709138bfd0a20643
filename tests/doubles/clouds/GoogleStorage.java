import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Cloud Storage's JSON API: buckets and the newest version of their objects. */
final class GoogleStorage {
  private final Google google;

  /** Stores the objects if they need generations; null: they are stored here. */
  ObjectUpstream upstream;

  GoogleStorage(Google google) {
    this.google = google;
  }

  FakeCloud.Response respond(FakeCloud.Request request) {
    if (upstream != null && upstream.owns(request)) {
      return upstream.respond(
          request, google.existing("b/" + ObjectUpstream.bucket(request.path())));
    }
    Matcher path =
        Google.match(
            "(/upload)?(?:/resumable)?/storage/v1/b(?:/([^/]+))?"
                + "(?:/(o|iam|anywhereCaches)(?:/([^/]+))?)?(?:/\\w+)?/?",
            request.path());
    if (path.group(2) == null) {
      return request.method().equals("POST")
          ? insert(request)
          : Google.ok(Json.object("items", google.store.list("b")));
    }
    String id = "b/" + path.group(2);
    if ("iam".equals(path.group(3))) {
      return google.policy(id, request, request.method().equals("PUT"));
    }
    Map<String, Object> bucket = google.existing(id);
    if ("o".equals(path.group(3))) {
      return path.group(1) != null ? upload(id, request) : object(id, path.group(4), request);
    }
    if ("anywhereCaches".equals(path.group(3))) {
      return Google.ok(Json.object("kind", "storage#anywhereCaches"));
    }
    switch (request.method()) {
      case "GET":
        return Google.ok(bucket);
      case "DELETE":
        boolean kept = upstream != null && !upstream.removeEmpty(path.group(2));
        if (kept || !google.store.list(id + "/o").isEmpty()) {
          throw new FakeCloud.Refusal(409, "conflict", "The bucket you tried to delete is not empty.");
        }
        google.store.remove(id);
        return new FakeCloud.Response(204, null);
      default:
        Json.merge(bucket, request.json());
        return Google.ok(bucket);
    }
  }

  private FakeCloud.Response insert(FakeCloud.Request request) {
    Map<String, Object> bucket = request.json();
    String name = Json.text(bucket, "name");
    if (name.length() > 63 || name.matches(".*g[o0][o0]g[l1]e.*")) {
      throw Google.invalid("Invalid bucket name: '" + name + "'");
    }
    google.absent("b/" + name);
    bucket.put("id", name);
    bucket.put("selfLink", "https://www.googleapis.com/storage/v1/b/" + name);
    bucket.put("projectNumber", Google.PROJECT_NUMBER);
    bucket.put("location", Json.text(bucket, "location").toUpperCase());
    bucket.put("locationType", "region");
    bucket.put("timeCreated", Google.TIME);
    bucket.put("updated", Google.TIME);
    bucket.put("metageneration", "1");
    bucket.putIfAbsent("storageClass", "STANDARD");
    bucket.putIfAbsent("rpo", "DEFAULT");
    google.store.put("b/" + name, bucket);
    return Google.ok(bucket);
  }

  private FakeCloud.Response object(String bucket, String name, FakeCloud.Request request) {
    if (name == null) {
      return Google.ok(
          Json.object("kind", "storage#objects", "items", google.store.list(bucket + "/o")));
    }
    String id = bucket + "/o/" + name;
    Map<String, Object> object = google.existing(id);
    switch (request.method()) {
      case "GET":
        return Google.ok(
            "media".equals(request.query().get("alt")) ? object.get("content") : object);
      case "DELETE":
        google.store.remove(id);
        return new FakeCloud.Response(204, null);
      default:
        Json.merge(object, request.json());
        return Google.ok(object);
    }
  }

  /** Metadata and content in one body of two parts (RFC 2387). */
  private FakeCloud.Response upload(String bucket, FakeCloud.Request request) {
    String type = request.headers().getFirst("Content-Type");
    String boundary = "--" + type.replaceFirst(".*boundary=\"?([^\";]+).*", "$1");
    String[] parts =
        new String(request.body(), StandardCharsets.ISO_8859_1).split(Pattern.quote(boundary));
    Map<String, Object> object = Json.asObject(Json.parse(content(parts[1])));
    byte[] content = content(parts[2]).getBytes(StandardCharsets.ISO_8859_1);
    String name =
        object.containsKey("name") ? Json.text(object, "name") : request.query().get("name");
    String generation = String.valueOf(1000000 + google.next());
    object.put("name", name);
    object.put("bucket", bucket.substring(2));
    object.put("id", bucket.substring(2) + "/" + name + "/" + generation);
    object.put("selfLink", "https://www.googleapis.com/storage/v1/" + bucket + "/o/" + name);
    object.put(
        "mediaLink",
        "https://storage.googleapis.com/download/storage/v1/"
            + bucket
            + "/o/"
            + name
            + "?alt=media");
    object.put("generation", generation);
    object.put("metageneration", "1");
    object.put("size", String.valueOf(content.length));
    object.put("storageClass", "STANDARD");
    object.put("md5Hash", FakeCloud.md5(content));
    object.put("crc32c", "AAAAAA==");
    object.put("timeCreated", Google.TIME);
    object.put("updated", Google.TIME);
    google.store.put(bucket + "/o/" + name, object);
    return Google.ok(object);
  }

  private static String content(String part) {
    String text = part.substring(part.indexOf("\r\n\r\n") + 4);
    return text.endsWith("\r\n") ? text.substring(0, text.length() - 2) : text;
  }
}
