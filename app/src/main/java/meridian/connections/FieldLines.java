package meridian.connections;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.helidon.http.Status;
import java.util.Locale;

/**
 * What a request's fields say about the connection (RFC 9112 sections 5, 6 and 9).
 *
 * @param close whether the client wants it closed after the response
 * @param body whether a body follows the fields
 */
record FieldLines(boolean close, boolean body) {

  static FieldLines parse(byte[] bytes, RequestLine line) {
    int hosts = 0;
    int lengths = 0;
    boolean close = false;
    boolean body = false;
    String codings = null;
    int to;
    for (int from = line.end(); bytes[from] != '\r'; from = to) {
      to = end(bytes, from);
      int colon = from;
      while (RequestLine.isToken(bytes[colon])) {
        colon++;
      }
      if (colon == from || bytes[colon] != ':') { // includes folded lines, section 5.2
        throw Refusals.malformed(bytes);
      }
      switch (colon - from) {
        case 4 -> hosts += is(bytes, from, "host") ? 1 : 0;
        case 10 -> close |= is(bytes, from, "connection") && lists(value(bytes, colon), "close");
        case 14 -> {
          if (is(bytes, from, "content-length")) {
            String length = value(bytes, colon);
            if (++lengths > 1 || !length.matches("\\d{1,18}")) {
              throw Refusals.malformed(bytes);
            }
            body |= Long.parseLong(length) > 0;
          }
        }
        case 17 -> {
          if (is(bytes, from, "transfer-encoding")) {
            String value = value(bytes, colon);
            codings = codings == null ? value : codings + "," + value;
          }
        }
        default -> {} // left to the routes
      }
    }
    if (hosts > 1 || (hosts == 0 && line.minor() > 0)) {
      throw Refusals.malformed(bytes);
    }
    if (codings != null) {
      checkCodings(bytes, codings, lengths > 0 || line.minor() == 0);
    }
    return new FieldLines(close, body || codings != null);
  }

  /** Refuses a length given in two ways, or two servers might read two of them (section 6.1). */
  private static void checkCodings(byte[] bytes, String codings, boolean isContradicted) {
    String value = codings.toLowerCase(Locale.ROOT);
    if (isContradicted || !value.matches("(.*,[ \t]*)?chunked") || value.matches(".*chunked.+")) {
      throw Refusals.malformed(bytes);
    }
    if (!value.equals("chunked")) {
      throw Refusals.of(bytes, Status.NOT_IMPLEMENTED_501);
    }
  }

  /** The index at which the next line begins. */
  static int end(byte[] bytes, int from) {
    int at = from;
    while (bytes[at] != '\n') {
      at++;
    }
    return at + 1;
  }

  /** The name of the field that begins at this index, in lower case. */
  static String name(byte[] bytes, int from) {
    int colon = from;
    while (bytes[colon] != ':') {
      colon++;
    }
    return new String(bytes, from, colon - from, US_ASCII).toLowerCase(Locale.ROOT);
  }

  /** The value after the colon, without surrounding whitespace. */
  private static String value(byte[] bytes, int colon) {
    return new String(bytes, colon + 1, end(bytes, colon) - colon - 1, US_ASCII).strip();
  }

  private static boolean is(byte[] bytes, int from, String name) {
    for (int i = 0; i < name.length(); i++) {
      int b = bytes[from + i];
      if ((b >= 'A' && b <= 'Z' ? b | 0x20 : b) != name.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private static boolean lists(String value, String token) {
    for (String entry : value.split(",", -1)) {
      if (entry.strip().equalsIgnoreCase(token)) {
        return true;
      }
    }
    return false;
  }
}
