package meridian;

import io.helidon.common.buffers.BufferData;
import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionListener;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * Makes HTTP/1.1 connections that no client can hold on to. Helidon 4.3 applies no timeout to a
 * request once its first byte is there, so that a stalled header would keep a place forever.
 *
 * <ul>
 *   <li>A request line that is not complete, or a request that is not read and answered, within the
 *       timeout costs its connection, and so does a new connection that stays silent.
 *   <li>When nine tenths of the places are taken, those kept alive without a request give way, the
 *       longest idle first.
 *   <li>A connection whose end either side has announced is closed after the answer. Helidon waits
 *       for the client to do it, and would take whatever comes next for a request.
 * </ul>
 *
 * <p>An HTTP service, without any route, because those are told when the server starts and stops.
 */
final class ConnectionGuard implements ServerConnectionSelector, HttpService {
  private static final long SWEEP_MILLIS = 500;

  private final Http1ConnectionSelector http1;
  private final int maxConnections;
  private final Duration timeout;
  private final Consumer<String> onCut;
  private final Thread sweeper =
      Thread.ofPlatform().daemon().name("sweeper").unstarted(this::sweepUntilInterrupted);
  private final Set<GuardedConnection> connections = ConcurrentHashMap.newKeySet();

  /**
   * @param timeout from a request's first byte to the end of its first line, and from there to the
   *     end of its answer
   * @param onCut told the reason for each connection that is closed: stalled or crowded
   */
  ConnectionGuard(
      Http1Config.Builder config, int maxConnections, Duration timeout, Consumer<String> onCut) {
    this.maxConnections = maxConnections;
    this.timeout = timeout;
    this.onCut = onCut;
    config.addReceiveListener(
        new Http1ConnectionListener() {
          @Override
          public void prologue(ConnectionContext context, HttpPrologue prologue) {
            ((GuardedConnection.Context) context).requestLineRead();
          }

          @Override
          public void headers(ConnectionContext context, Headers headers) {
            ((GuardedConnection.Context) context).headersPassed(headers);
          }
        });
    config.addSendListener(
        new Http1ConnectionListener() {
          @Override
          public void headers(ConnectionContext context, Headers headers) {
            ((GuardedConnection.Context) context).headersPassed(headers);
          }
        });
    this.http1 = Http1ConnectionSelector.builder().config(config.build()).build();
  }

  @Override
  public int bytesToIdentifyConnection() {
    return http1.bytesToIdentifyConnection();
  }

  @Override
  public Support supports(BufferData data) {
    return http1.supports(data);
  }

  @Override
  public Set<String> supportedApplicationProtocols() {
    return http1.supportedApplicationProtocols();
  }

  @Override
  public ServerConnection connection(ConnectionContext context) {
    return new GuardedConnection(context, http1, timeout, connections);
  }

  @Override
  public void routing(HttpRules rules) {}

  @Override
  public void beforeStart() {
    sweeper.start();
  }

  @Override
  public void afterStop() {
    sweeper.interrupt();
  }

  private void sweepUntilInterrupted() {
    try {
      while (true) {
        Thread.sleep(SWEEP_MILLIS);
        sweep(System.nanoTime());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void sweep(long now) {
    for (GuardedConnection connection : connections) {
      if (connection.isOverdue(now)) {
        onCut.accept("stalled");
        connection.close(true);
      }
    }
    if (connections.size() > maxConnections * 9 / 10) {
      List<GuardedConnection> idle =
          connections.stream()
              .filter(GuardedConnection::isIdle)
              .sorted(Comparator.comparing((GuardedConnection c) -> c.nanosIdle(now)).reversed())
              .limit(maxConnections / 10)
              .toList();
      for (GuardedConnection connection : idle) {
        onCut.accept("crowded");
        connection.close(false); // spares it if a request came in between
      }
    }
  }
}
