package meridian.addresses;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;

/** Finds the address of the client that made a request. */
public final class ClientAddresses {
  private final ClientAddress source;
  private final Runnable onFallback;

  /**
   * @param onFallback called for each request whose configured source gave no valid address, so
   *     that the peer's address is reported instead
   */
  public ClientAddresses(ClientAddress source, Runnable onFallback) {
    this.source = source;
    this.onFallback = onFallback;
  }

  /** The client's address in canonical text, without port or zone. */
  public String of(ServerRequest request) {
    return reported(request).orElseGet(() -> peer(request));
  }

  /** Counts a fallback, if there was one. Call this once for each request, whatever its route. */
  public void count(ServerRequest request) {
    if (!(source instanceof ClientAddress.Peer) && reported(request).isEmpty()) {
      onFallback.run();
    }
  }

  /** The configured source's value, if it is a valid address. */
  private Optional<String> reported(ServerRequest request) {
    return switch (source) {
      case ClientAddress.Peer() -> Optional.of(peer(request));
      case ClientAddress.ForwardedFor(int fromRight) -> forwardedFor(request, fromRight);
      case ClientAddress.WrittenHeader(HeaderName name) -> header(request, name);
    };
  }

  private static String peer(ServerRequest request) {
    return IpAddress.format(((InetSocketAddress) request.remotePeer().address()).getAddress());
  }

  /**
   * Splits all lines of the header at every comma. Helidon's own accessors read only the first
   * line, require a space after the comma, or honour quotes, with which a client could hide the
   * entry that the proxy appended.
   */
  private static Optional<String> forwardedFor(ServerRequest request, int fromRight) {
    List<String> lines = request.headers().all(HeaderNames.X_FORWARDED_FOR, List::of);
    String entries = String.join(",", lines);
    int end = entries.length();
    for (int place = 1; place < fromRight; place++) {
      end = entries.lastIndexOf(',', end - 1);
      if (end <= 0) {
        return Optional.empty(); // fewer entries than proxies: do not use the leftmost instead
      }
    }
    return IpAddress.parse(entries.substring(entries.lastIndexOf(',', end - 1) + 1, end).strip());
  }

  private static Optional<String> header(ServerRequest request, HeaderName name) {
    List<String> lines = request.headers().all(name, List::of);
    return lines.size() == 1 ? IpAddress.parse(lines.getFirst().strip()) : Optional.empty();
  }
}
