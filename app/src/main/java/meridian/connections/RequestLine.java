package meridian.connections;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.helidon.http.Status;

/** The positions of the parts of a request's first line (RFC 9112 section 3). */
@SuppressWarnings("ArrayRecordComponent") // lives as long as the request, never compared
record RequestLine(byte[] bytes, int methodEnd, int authorityFrom, int pathFrom, int pathEnd) {
  /** The length of {@code SP HTTP/1.1 CRLF}. */
  private static final int VERSION = 11;

  /** The characters of methods and field names (RFC 9110 section 5.6.2). */
  private static final boolean[] TOKEN = new boolean[128];

  static {
    for (char c = '!'; c < TOKEN.length; c++) {
      TOKEN[c] = Character.isLetterOrDigit(c) || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
    }
  }

  static RequestLine parse(byte[] bytes) {
    int methodEnd = 0;
    while (isToken(bytes[methodEnd])) {
      methodEnd++;
    }
    int from = methodEnd + 1;
    int to = from;
    while (to < bytes.length && bytes[to] > ' ' && bytes[to] != '#') {
      to++;
    }
    if (methodEnd == 0 || bytes[methodEnd] != ' ' || to == from || !isVersion(bytes, to)) {
      throw Refusals.malformed(bytes);
    }
    if (bytes[to + 6] != '1') {
      throw Refusals.of(bytes, Status.HTTP_VERSION_NOT_SUPPORTED_505);
    }
    if (!isKnownMethod(bytes, methodEnd)) {
      throw Refusals.methodNotAllowed(bytes);
    }
    if (bytes[from] == '/') {
      return new RequestLine(bytes, methodEnd, from, from, to);
    }
    return absolute(bytes, methodEnd, from, to);
  }

  /** Parses {@code http://host/path}, which servers must accept from proxies (section 3.2.2). */
  private static RequestLine absolute(byte[] bytes, int methodEnd, int from, int to) {
    String target = new String(bytes, from, to - from, US_ASCII);
    int scheme = "http://".length();
    if (target.regionMatches(true, 0, "https://", 0, scheme + 1)) {
      scheme++;
    } else if (!target.regionMatches(true, 0, "http://", 0, scheme)) {
      // An asterisk is valid for OPTIONS only, which is not allowed here.
      throw target.equals("*") && new String(bytes, 0, methodEnd, US_ASCII).equals("OPTIONS")
          ? Refusals.methodNotAllowed(bytes)
          : Refusals.malformed(bytes);
    }
    int path = scheme;
    while (path < target.length() && target.charAt(path) != '/' && target.charAt(path) != '?') {
      path++;
    }
    if (path == scheme || target.lastIndexOf('@', path - 1) >= 0) {
      throw Refusals.malformed(bytes);
    }
    return new RequestLine(bytes, methodEnd, from + scheme, from + path, to);
  }

  /**
   * Whether the method may reach Helidon, which converts it to upper case although methods are
   * case-sensitive (RFC 9110 section 9.1). CONNECT may not: this service opens no tunnels.
   */
  private static boolean isKnownMethod(byte[] bytes, int end) {
    for (int i = 0; i < end; i++) {
      if (bytes[i] >= 'a' && bytes[i] <= 'z') {
        return false;
      }
    }
    return end != 7 || !new String(bytes, 0, end, US_ASCII).equals("CONNECT");
  }

  private static boolean isVersion(byte[] bytes, int at) {
    return at + VERSION <= bytes.length
        && bytes[at] == ' '
        && bytes[at + 1] == 'H'
        && bytes[at + 2] == 'T'
        && bytes[at + 3] == 'T'
        && bytes[at + 4] == 'P'
        && bytes[at + 5] == '/'
        && isDigit(bytes[at + 6])
        && bytes[at + 7] == '.'
        && isDigit(bytes[at + 8])
        && bytes[at + 9] == '\r';
  }

  static boolean isDigit(byte b) {
    return b >= '0' && b <= '9';
  }

  static boolean isToken(byte b) {
    return b >= 0 && TOKEN[b];
  }

  String method() {
    return new String(bytes, 0, methodEnd, US_ASCII);
  }

  /** The authority of a target in absolute-form, else empty. */
  String authority() {
    return pathFrom == authorityFrom
        ? ""
        : new String(bytes, authorityFrom, pathFrom - authorityFrom, US_ASCII);
  }

  /** The target in origin-form. */
  String path() {
    String path = new String(bytes, pathFrom, pathEnd - pathFrom, US_ASCII);
    return path.startsWith("/") ? path : "/" + path;
  }

  /** The minor version; the major one is always 1. */
  int minor() {
    return bytes[pathEnd + 8] - '0';
  }

  /** The index at which the first field begins. */
  int end() {
    return pathEnd + VERSION;
  }
}
