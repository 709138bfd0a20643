package meridian.addresses;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the client's address is taken from. One source, because a chain of fallbacks is what lets a
 * client choose its own address.
 */
public sealed interface ClientAddress {
  String WHAT_IS_ACCEPTED = "peer, x-forwarded-for:N with N from 1 to 9, or header:NAME";

  /** The other end of the connection. */
  record Peer() implements ClientAddress {}

  /**
   * The entry of X-Forwarded-For that stands {@code fromRight} places from the right; 1 is the
   * last. That many entries were written by proxies we trust, all to the left by anyone.
   */
  record ForwardedFor(int fromRight) implements ClientAddress {}

  /** A header that the load balancer sets itself, over whatever the client sent. */
  record WrittenHeader(HeaderName name) implements ClientAddress {}

  Pattern SYNTAX = Pattern.compile("peer|x-forwarded-for:([1-9])|header:([A-Za-z0-9-]{1,64})");

  /** Reads what {@link #WHAT_IS_ACCEPTED} says. */
  static Optional<ClientAddress> parse(String text) {
    Matcher matcher = SYNTAX.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    if (matcher.group(1) != null) {
      return Optional.of(new ForwardedFor(Integer.parseInt(matcher.group(1))));
    }
    if (matcher.group(2) != null) {
      return Optional.of(new WrittenHeader(HeaderNames.create(matcher.group(2))));
    }
    return Optional.of(new Peer());
  }
}
