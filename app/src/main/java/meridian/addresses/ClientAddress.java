package meridian.addresses;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The source of the client's address. There is only one, because a chain of fallbacks would let
 * clients choose their own address.
 */
public sealed interface ClientAddress {
  String WHAT_IS_ACCEPTED = "peer, x-forwarded-for:N with N from 1 to 9, or header:NAME";

  /** The other end of the connection. */
  record Peer() implements ClientAddress {}

  /**
   * The entry of X-Forwarded-For at position {@code fromRight} from the right; 1 is the last.
   * Proxies that we trust wrote that many entries; anyone may have written those to the left.
   */
  record ForwardedFor(int fromRight) implements ClientAddress {}

  /** A header that the load balancer sets itself, overwriting whatever the client sent. */
  record WrittenHeader(HeaderName name) implements ClientAddress {}

  Pattern SYNTAX = Pattern.compile("peer|x-forwarded-for:([1-9])|header:([A-Za-z0-9-]{1,64})");

  /** Parses the syntax that {@link #WHAT_IS_ACCEPTED} describes. */
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
