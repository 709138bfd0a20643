package meridian;

import io.helidon.common.media.type.MediaType;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** What all handlers share: choosing a media type, and sending bytes for GET and HEAD. */
final class Responses {
  static final Header NO_STORE = HeaderValues.createCached(HeaderNames.CACHE_CONTROL, "no-store");

  /** In bytes. Helidon copies what it sends in one piece, so larger bodies are sent in slices. */
  private static final int SLICE = 8 << 10;

  private Responses() {}

  /**
   * The offered type that the client's Accept header prefers; on a tie, the first one.
   *
   * @throws ProblemException 400 if the header is malformed, 406 if it admits none of the types
   */
  static MediaType choose(ServerRequest request, MediaType... offered) {
    if (!request.headers().contains(HeaderNames.ACCEPT)) {
      return offered[0];
    }
    Accept accept = accept(request);
    if (accept.isEmpty()) {
      return offered[0];
    }
    MediaType best = null;
    double highest = 0;
    for (MediaType type : offered) {
      double quality = accept.quality(type);
      if (quality > highest) {
        best = type;
        highest = quality;
      }
    }
    if (best != null) {
      return best;
    }
    throw new ProblemException(
        Status.NOT_ACCEPTABLE_406,
        "This resource is available as "
            + Arrays.stream(offered).map(MediaType::text).collect(Collectors.joining(" or "))
            + ".");
  }

  private static Accept accept(ServerRequest request) {
    try {
      return new Accept(String.join(",", request.headers().all(HeaderNames.ACCEPT, List::of)));
    } catch (IllegalArgumentException e) {
      throw new ProblemException(
          Status.BAD_REQUEST_400, "The Accept header is not a list of media types.", e);
    }
  }

  static void send(
      ServerRequest request, ServerResponse response, Header contentType, byte[] body) {
    response.header(contentType);
    if (request.prologue().method().equals(Method.HEAD)) {
      response.header(HeaderNames.CONTENT_LENGTH, Integer.toString(body.length));
      response.send();
    } else if (body.length <= SLICE) {
      response.send(body);
    } else {
      response.header(HeaderNames.CONTENT_LENGTH, Integer.toString(body.length));
      try (OutputStream out = response.outputStream()) {
        for (int start = 0; start < body.length; start += SLICE) {
          out.write(body, start, Math.min(SLICE, body.length - start));
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
