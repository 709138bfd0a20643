package meridian;

import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.List;

/**
 * Refuses a request whose length can be read in two ways, and closes its connection: a proxy that
 * reads it the other way could be made to pass on a second request that it never saw (RFC 9112
 * section 11.2). Helidon is strict here from 4.5.0 on.
 *
 * <p>A handler and not a filter: what a filter throws is answered after the filters before it, the
 * log among them, have had their turn.
 */
final class Framing implements Handler {
  @Override
  public void handle(ServerRequest request, ServerResponse response) {
    ServerRequestHeaders headers = request.headers();
    boolean encoded = headers.contains(HeaderNames.TRANSFER_ENCODING);
    boolean measured = headers.contains(HeaderNames.CONTENT_LENGTH);
    if ((encoded && (measured || !headers.contains(HeaderValues.TRANSFER_ENCODING_CHUNKED)))
        || (measured && !isOneLength(headers.all(HeaderNames.CONTENT_LENGTH, List::of)))) {
      throw new ProblemException(
          Status.BAD_REQUEST_400,
          "The length of the request body must be given once, by Content-Length or by"
              + " Transfer-Encoding: chunked.",
          false);
    }
    response.next();
  }

  private static boolean isOneLength(List<String> lines) {
    return lines.size() == 1 && lines.getFirst().matches("\\d{1,18}");
  }
}
