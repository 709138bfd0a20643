package meridian.addresses;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** IP addresses as text: strict parsing, canonical output, and never a name lookup. */
final class IpAddress {
  /** An IPv6 address with brackets, zone and port is at most 39 + 2 + 17 + 6 characters. */
  private static final int MAX_LENGTH = 64;

  private static final String OCTET = "(?:0|[1-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5])";
  private static final String QUAD = OCTET + "(?:\\." + OCTET + "){3}";
  private static final String HEX = "[0-9A-Fa-f:]+(?:(?<=:)" + QUAD + ")?";
  private static final Pattern V4 = Pattern.compile("(" + QUAD + ")(?::\\d{1,5})?");
  private static final Pattern V6 =
      Pattern.compile("\\[(" + HEX + ")(?:%[^]]*)?](?::\\d{1,5})?|(" + HEX + ")(?:%.*)?");

  private IpAddress() {}

  /**
   * Parses {@code v4}, {@code v4:port}, {@code v6}, {@code [v6]} or {@code [v6]:port} without port
   * and zone. Anything else is empty, including shorthands such as {@code 127.1} and octal octets.
   */
  static Optional<String> parse(String text) {
    if (text.length() > MAX_LENGTH) {
      return Optional.empty();
    }
    Matcher v4 = V4.matcher(text);
    if (v4.matches()) {
      return Optional.of(v4.group(1));
    }
    Matcher v6 = V6.matcher(text);
    if (!v6.matches()) {
      return Optional.empty();
    }
    String literal = v6.group(1) != null ? v6.group(1) : v6.group(2);
    if (literal.indexOf(':') < 0) {
      return Optional.empty();
    }
    try {
      return Optional.of(format(InetAddress.ofLiteral(literal)));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** The canonical text: dotted for IPv4 and IPv4-mapped, RFC 5952 for IPv6. */
  static String format(InetAddress address) {
    byte[] bytes = address.getAddress();
    if (address instanceof Inet4Address) {
      return address.getHostAddress();
    }
    int[] groups = new int[8];
    for (int i = 0; i < 8; i++) {
      groups[i] = ((bytes[2 * i] & 0xff) << 8) | (bytes[2 * i + 1] & 0xff);
    }
    int start = -1;
    int length = 1; // a single zero group is not shortened
    for (int i = 0; i < 8; i++) {
      int end = i;
      while (end < 8 && groups[end] == 0) {
        end++;
      }
      if (end - i > length) {
        start = i;
        length = end - i;
      }
    }
    StringBuilder text = new StringBuilder(39);
    for (int i = 0; i < 8; i++) {
      if (i == start) {
        text.append("::");
        i += length - 1;
      } else {
        if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
          text.append(':');
        }
        text.append(Integer.toHexString(groups[i]));
      }
    }
    return text.toString();
  }
}
