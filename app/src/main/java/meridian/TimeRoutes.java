package meridian;

import io.helidon.common.media.type.MediaType;
import io.helidon.common.media.type.MediaTypes;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import meridian.addresses.ClientAddresses;
import meridian.logs.Timestamps;

/** The time, with the client's address or alone. */
final class TimeRoutes {
  private static final Header TEXT =
      HeaderValues.createCached(HeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8");
  private static final Header VARY = HeaderValues.createCached(HeaderNames.VARY, "Accept");

  private final InstantSource clock;
  private final ClientAddresses addresses;

  TimeRoutes(InstantSource clock, ClientAddresses addresses) {
    this.clock = clock;
    this.addresses = addresses;
  }

  /** {@code {"timestamp":"2026-11-21T07:05:09.123456Z","ip":"203.0.113.7"}}. */
  void timeAndAddress(ServerRequest request, ServerResponse response) {
    Responses.choose(request, MediaTypes.APPLICATION_JSON);
    String address = addresses.of(request);
    String now = Timestamps.format(clock.instant());
    response.header(Responses.NO_STORE);
    // Neither value can contain a character that JSON escapes, and without a JSON writer the
    // busiest response is a fifth faster.
    sendJson(request, response, "{\"timestamp\":\"" + now + "\",\"ip\":\"" + address + "\"}");
  }

  /** {@code {"now":"2026-11-21T07:05:09.123456Z"}}, or the bare timestamp as text. */
  void now(ServerRequest request, ServerResponse response) {
    MediaType type = Responses.choose(request, MediaTypes.APPLICATION_JSON, MediaTypes.TEXT_PLAIN);
    String now = Timestamps.format(clock.instant());
    response.header(Responses.NO_STORE);
    response.header(VARY);
    if (type.equals(MediaTypes.TEXT_PLAIN)) {
      Responses.send(request, response, TEXT, now.getBytes(StandardCharsets.US_ASCII));
    } else {
      sendJson(request, response, "{\"now\":\"" + now + "\"}");
    }
  }

  private static void sendJson(ServerRequest request, ServerResponse response, String json) {
    Responses.send(
        request,
        response,
        HeaderValues.CONTENT_TYPE_JSON,
        json.getBytes(StandardCharsets.US_ASCII));
  }
}
