import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Blobs of the storage accounts in the store. They accept identities only, no keys, and only those
 * with a role for blobs on the container or above it, whose condition allows the request. Being an
 * owner is not enough. A new role is refused for a while, because Azure's rights take minutes to
 * spread.
 */
final class BlobService {
  private static final String BLOBS =
      "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";

  private final Store store;
  private final Map<String, Integer> asked = new HashMap<>();

  /** How many requests a new right is refused. */
  int refusals;

  /** Stores the blobs if they need leases; null: they are stored here. */
  BlobUpstream upstream;

  BlobService(Store store) {
    this.store = store;
  }

  FakeCloud.Response respond(FakeCloud.Request request, String person) {
    try {
      String account = request.host().split("\\.")[0];
      String[] parts = FakeCloud.decode(request.path().replace("+", "%2B")).split("/", 3);
      String container = container(account, parts.length > 1 ? parts[1] : "");
      String blob = parts.length > 2 ? parts[2] : "";
      if (!may(person, container, request, blob)) {
        throw new FakeCloud.Refusal(
            403,
            "AuthorizationPermissionMismatch",
            person + " has no role for blobs here, or it has not spread.");
      }
      if (upstream != null) {
        return upstream.respond(request, account, parts[1], store.get(container));
      }
      if (parts.length < 3 || parts[2].isEmpty()) {
        return list(request, container);
      }
      return blob(request, container + "/blobs/" + parts[2]);
    } catch (FakeCloud.Refusal refusal) {
      return new FakeCloud.Response(
          refusal.status,
          "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>"
              + refusal.code
              + "</Code><Message>"
              + refusal.getMessage()
              + "</Message></Error>",
          Map.of("x-ms-error-code", refusal.code, "Content-Type", "application/xml"));
    }
  }

  private String container(String account, String name) {
    for (String id : store.all().keySet()) {
      if (id.toLowerCase()
          .endsWith("/storageaccounts/" + account + "/blobservices/default/containers/" + name)) {
        return id;
      }
    }
    throw new FakeCloud.Refusal(
        404, "ContainerNotFound", "There is no container " + name + " in " + account + ".");
  }

  private boolean may(String person, String container, FakeCloud.Request request, String blob) {
    boolean reads = request.method().equals("GET") || request.method().equals("HEAD");
    String action =
        BLOBS + (reads ? "/read" : request.method().equals("DELETE") ? "/delete" : "/write");
    Map<String, String> resource =
        Map.of(
            "Microsoft.Storage/storageAccounts:name", request.host().split("\\.")[0],
            BLOBS.replaceFirst("/blobs$", ":name"), ArmId.of(container).name(),
            BLOBS + ":path", blob);
    for (Map.Entry<String, Map<String, Object>> entry : store.all().entrySet()) {
      Map<String, Object> assignment = entry.getValue();
      if (!String.valueOf(assignment.get("type")).endsWith("roleAssignments")
          || !person.equals(Json.text(assignment, "properties.principalId"))) {
        continue;
      }
      String scope = Json.text(assignment, "properties.scope");
      String role = ArmRoles.name(assignment);
      boolean right =
          role.equals("Storage Blob Data Contributor")
              || role.equals("Storage Blob Data Owner")
              || reads && role.equals("Storage Blob Data Reader")
              || custom(assignment, action);
      if (right
          && ArmCondition.allows(
              Json.text(assignment, "properties.condition"),
              action,
              blob.isEmpty() ? "Blob.List" : "",
              resource)
          && container.toLowerCase().startsWith(scope.toLowerCase())
          && asked.merge(entry.getKey(), 1, Integer::sum) > refusals) {
        return true;
      }
    }
    return false;
  }

  /** Whether the assigned role is a custom one with that data action. */
  private boolean custom(Map<String, Object> assignment, String action) {
    String role = Json.text(assignment, "properties.roleDefinitionId");
    return store.has(role)
        && Json.objects(store.get(role), "properties.permissions").stream()
            .anyMatch(
                each ->
                    each.get("dataActions") instanceof List<?> actions && actions.contains(action));
  }

  private FakeCloud.Response list(FakeCloud.Request request, String container) {
    if (!request.method().equals("GET") || !"list".equals(request.query().get("comp"))) {
      throw new FakeCloud.Refusal(
          400,
          "UnsupportedHttpVerb",
          "Containers are Resource Manager's; here their blobs are listed.");
    }
    StringBuilder names = new StringBuilder();
    store
        .below(container + "/blobs")
        .values()
        .forEach(
            blob -> names.append("<Blob><Name>").append(blob.get("name")).append("</Name></Blob>"));
    return new FakeCloud.Response(
        200,
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults><Blobs>"
            + names
            + "</Blobs><NextMarker/></EnumerationResults>",
        Map.of("Content-Type", "application/xml"));
  }

  private FakeCloud.Response blob(FakeCloud.Request request, String id) {
    Map<String, Object> blob = store.get(id);
    String operation = request.method() + " " + request.query().getOrDefault("comp", "");
    if (blob == null && !operation.equals("PUT ")) {
      throw new FakeCloud.Refusal(404, "BlobNotFound", "The specified blob does not exist.");
    }
    switch (operation) {
      case "PUT ":
        store.put(
            id,
            Json.object(
                "id", id,
                "name", id.substring(id.indexOf("/blobs/") + 7),
                "type", "blob",
                "content", request.text(),
                "contentType", header(request, "x-ms-blob-content-type"),
                "md5", FakeCloud.md5(request.body())));
        return new FakeCloud.Response(201, null);
      case "PUT properties":
        blob.put("contentType", header(request, "x-ms-blob-content-type"));
        if (request.headers().containsKey("x-ms-blob-content-md5")) {
          blob.put("md5", header(request, "x-ms-blob-content-md5"));
        }
        return new FakeCloud.Response(200, null);
      case "PUT metadata":
      case "PUT tier":
        return new FakeCloud.Response(200, null);
      case "GET ":
      case "GET metadata":
      case "HEAD ":
      case "HEAD metadata":
        return new FakeCloud.Response(200, blob.get("content"), headers(blob));
      case "DELETE ":
        store.remove(id);
        return new FakeCloud.Response(202, null);
      default:
        throw new FakeCloud.Refusal(400, "UnknownOperation", operation);
    }
  }

  private static Map<String, String> headers(Map<String, Object> blob) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Content-Type", String.valueOf(blob.get("contentType")));
    headers.put("Content-MD5", String.valueOf(blob.get("md5")));
    headers.put("ETag", "\"" + blob.get("md5") + "\"");
    headers.put("x-ms-blob-type", "BlockBlob");
    headers.put("x-ms-access-tier", "Hot");
    headers.put("x-ms-server-encrypted", "true");
    return headers;
  }

  private static String header(FakeCloud.Request request, String name) {
    String value = request.headers().getFirst(name);
    return value == null ? "application/octet-stream" : value;
  }
}
