package meridian.probe;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.IDN;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLDecoder;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The address that a probe requests the time from.
 *
 * @param url without a user and password, so that it can be printed
 * @param authorization the header for the address's user and password
 */
record Target(URL url, Optional<String> authorization) {
  /** {@link URI#getHost} supports no underscores, which container names often have. */
  private static final Pattern AUTHORITY =
      Pattern.compile("(?:(.*)@)?(\\[[^\\[\\]@]+\\]|[^\\[\\]:@]+)(?::(\\d{1,5}))?");

  /**
   * Parses an address as people type it. The default path is {@code /now}.
   *
   * @throws IllegalArgumentException if it is not an http or https address; the message says why,
   *     without a password
   */
  static Target parse(String text) {
    try {
      URI given = new URI(text);
      String scheme = String.valueOf(given.getScheme()).toLowerCase(Locale.ROOT);
      String authority = String.valueOf(given.getRawAuthority());
      Matcher parts = AUTHORITY.matcher(authority);
      if (!scheme.matches("https?") || given.getRawAuthority() == null || !parts.matches()) {
        throw notAccepted(text);
      }
      String host = parts.group(2).startsWith("[") ? parts.group(2) : ascii(parts.group(2), text);
      String port = parts.group(3) == null ? "" : ":" + parts.group(3);
      if (!port.isEmpty() && !isPort(Integer.parseInt(parts.group(3)))) {
        throw notAccepted(text);
      }
      if (scheme.equals("https") && host.contains("_")) {
        throw new IllegalArgumentException(
            "Java cannot check a certificate for the host "
                + host
                + ": its name has an underscore; use http");
      }
      String path = given.getRawPath().matches("/?") ? "/now" : given.getRawPath();
      String query = given.getRawQuery() == null ? "" : "?" + given.getRawQuery();
      URI uri = new URI(scheme + "://" + host + port + path + query);
      return new Target(
          new URI(uri.toASCIIString()).toURL(),
          Optional.ofNullable(parts.group(1)).map(Target::basic));
    } catch (URISyntaxException | MalformedURLException e) {
      throw notAccepted(text);
    }
  }

  /** An argument as it may be printed: without anything that may belong to a password. */
  static String printable(String argument) {
    return argument.replaceFirst("(?s)^(\\w+://)?.*@", "$1…@");
  }

  private static IllegalArgumentException notAccepted(String text) {
    return new IllegalArgumentException(
        "\"%s\" is not an http or https address, such as http://localhost:8080"
            .formatted(printable(text)));
  }

  private static String ascii(String name, String text) {
    try {
      return IDN.toASCII(name);
    } catch (IllegalArgumentException e) { // the message is Java's own
      throw notAccepted(text);
    }
  }

  private static boolean isPort(int port) {
    return 0 < port && port < 65536;
  }

  private static String basic(String user) {
    // A plus sign is literal in this part of an address.
    String decoded = URLDecoder.decode(user.replace("+", "%2B"), UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(decoded.getBytes(UTF_8));
  }

  /** The address, without user and password. */
  @Override
  public String toString() {
    return url.toString();
  }
}
