import java.util.IdentityHashMap;
import java.util.Map;

/** An emulator of Blob Storage behind the accounts that Resource Manager created. */
final class BlobUpstream {
  private static final String VERSION = "2024-11-04";

  private final Upstream upstream;

  /** Containers of Resource Manager that exist in the emulator. */
  private final Map<Object, Boolean> created = new IdentityHashMap<>();

  BlobUpstream(Upstream upstream) {
    this.upstream = upstream;
  }

  /**
   * @param container as Resource Manager has it; one that was deleted and created again is empty
   */
  FakeCloud.Response respond(FakeCloud.Request request, String account, String name, Object container) {
    if (created.put(container, true) == null) {
      Map<String, String> headers =
          Map.of(
              "Authorization",
              request.headers().getFirst("Authorization"),
              "x-ms-version",
              VERSION);
      String own = "/" + account + "/" + name + "?restype=container";
      upstream.send("DELETE", own, headers, new byte[0]);
      upstream.send("PUT", own, headers, new byte[0]);
    }
    return upstream.forward(request, "/" + account + request.path());
  }
}
