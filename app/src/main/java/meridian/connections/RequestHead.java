package meridian.connections;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * A request's line and fields as passed to Helidon: well-formed, HTTP/1.1, the target in
 * origin-form, and never with a body.
 *
 * <p>No route reads a body. A request with one gets its response without it and is the last on its
 * connection, so that no other server has to agree with us on where the body ends.
 *
 * @param bytes from the first byte of the line to the empty line
 * @param last whether the connection closes after the response, as the bytes then say too
 */
@SuppressWarnings("ArrayRecordComponent") // passed on once, never compared
record RequestHead(byte[] bytes, boolean last) {
  private static final byte[] CLOSE = ascii("Connection: close\r\n");

  /**
   * Parses a head that {@link HeadReader} found complete.
   *
   * @param ending whether the connection closes after this request, whatever the request says
   * @throws io.helidon.http.RequestException if it is not well-formed
   */
  static RequestHead of(byte[] bytes, boolean ending) {
    RequestLine line = RequestLine.parse(bytes);
    FieldLines fields = FieldLines.parse(bytes, line);
    boolean last = ending || fields.close() || fields.body() || line.minor() == 0;
    return last || line.minor() != 1 || !line.authority().isEmpty()
        ? new RequestHead(rewritten(bytes, line, last), last)
        : new RequestHead(bytes, false);
  }

  /** The same request without the fields that frame a body or manage the connection. */
  private static byte[] rewritten(byte[] bytes, RequestLine line, boolean last) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length + 2 * CLOSE.length);
    out.writeBytes(ascii(line.method() + ' ' + line.path() + " HTTP/1.1\r\n"));
    if (last) {
      out.writeBytes(CLOSE);
    }
    boolean hasHost = false;
    for (int from = line.end(); bytes[from] != '\r'; ) {
      int to = FieldLines.end(bytes, from);
      boolean isKept =
          switch (FieldLines.name(bytes, from)) {
            case "connection", "keep-alive", "content-length", "transfer-encoding" -> false;
            case "expect", "upgrade", "te", "trailer" -> false;
            case "host" -> {
              hasHost = line.authority().isEmpty();
              yield hasHost;
            }
            default -> true;
          };
      if (isKept) {
        out.write(bytes, from, to - from);
      }
      from = to;
    }
    if (!hasHost) {
      // The target's own authority wins (RFC 9112 section 3.2.2); HTTP/1.0 may have no host.
      out.writeBytes(
          ascii("Host: " + (line.authority().isEmpty() ? "none" : line.authority()) + "\r\n"));
    }
    out.writeBytes(ascii("\r\n"));
    return out.toByteArray();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
