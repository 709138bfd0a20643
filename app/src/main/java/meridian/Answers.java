package meridian;

import io.helidon.common.media.type.MediaType;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.HttpException;
import io.helidon.http.HttpMediaType;
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

/** What all handlers do alike: choose a media type, and send bytes to GET and HEAD. */
final class Answers {
  static final Header NO_STORE = HeaderValues.createCached(HeaderNames.CACHE_CONTROL, "no-store");

  /** Helidon copies what it sends in one piece; larger bodies go out in slices of this size. */
  private static final int SLICE = 16 << 10;

  private Answers() {}

  /**
   * The offered type that the client's Accept header prefers, the first one on a tie.
   *
   * @throws ProblemException 400 when the header cannot be read, 406 when it admits none of the
   *     types
   */
  static MediaType choose(ServerRequest request, MediaType... offered) {
    if (!request.headers().contains(HeaderNames.ACCEPT)
        || request.headers().get(HeaderNames.ACCEPT).allValues().stream()
            .allMatch(String::isBlank)) {
      return offered[0];
    }
    try {
      MediaType best = null;
      double highest = 0;
      for (MediaType type : offered) {
        double quality = quality(request.headers().acceptedTypes(), type);
        if (quality > highest) {
          best = type;
          highest = quality;
        }
      }
      if (best != null) {
        return best;
      }
    } catch (IllegalArgumentException | HttpException e) {
      throw new ProblemException(
          Status.BAD_REQUEST_400, "The Accept header is not a list of media types.", e);
    }
    throw new ProblemException(
        Status.NOT_ACCEPTABLE_406,
        "This resource is available as "
            + Arrays.stream(offered).map(MediaType::text).collect(Collectors.joining(" or "))
            + ".");
  }

  /** The most specific range that matches decides (RFC 9110 section 12.5.1); q=0 refuses. */
  private static double quality(List<HttpMediaType> ranges, MediaType type) {
    double quality = 0;
    int best = -1;
    for (HttpMediaType range : ranges) {
      int specificity =
          range.mediaType().isWildcardType() ? 0 : range.mediaType().isWildcardSubtype() ? 1 : 2;
      if (range.test(type) && specificity > best) {
        best = specificity;
        quality = range.qualityFactor();
      }
    }
    return quality;
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
