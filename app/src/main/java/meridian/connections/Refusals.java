package meridian.connections;

import io.helidon.http.DirectHandler.EventType;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.RequestException;
import io.helidon.http.Status;
import io.helidon.webserver.http.DirectTransportRequest;
import java.nio.charset.StandardCharsets;

/** Refusals of requests that Helidon never sees. It writes them, and the connection closes. */
final class Refusals {
  static final Status HEADERS_TOO_LARGE = Status.create(431, "Request Header Fields Too Large");

  private Refusals() {}

  static RequestException malformed(byte[] bytes) {
    return of(bytes, Status.BAD_REQUEST_400);
  }

  static RequestException methodNotAllowed(byte[] bytes) {
    return of(bytes, Status.METHOD_NOT_ALLOWED_405);
  }

  /**
   * @param bytes the part of the request that arrived; its first two words are logged
   */
  static RequestException of(byte[] bytes, Status status) {
    int end = 0;
    while (end < bytes.length && bytes[end] != '\r' && bytes[end] != '\n') {
      end++;
    }
    String[] words = new String(bytes, 0, end, StandardCharsets.UTF_8).split(" ", 3);
    RequestException.Builder refusal =
        RequestException.builder()
            .type(EventType.OTHER)
            .status(status)
            .message(status.reasonPhrase())
            .setKeepAlive(false)
            .request(
                DirectTransportRequest.create(
                    "HTTP/1.1", words[0], words.length > 1 ? words[1] : ""));
    if (status.equals(Status.METHOD_NOT_ALLOWED_405)) {
      refusal.header(HeaderValues.create(HeaderNames.ALLOW, "GET, HEAD"));
    }
    return refusal.build();
  }
}
