package meridian.connections;

import io.helidon.common.concurrency.limits.FixedLimit;
import io.helidon.http.media.MediaContext;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.Router;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.HttpRouting;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * A port on which no client can hold resources that others need. Helidon parses and routes the
 * requests and writes the responses. Its own listener is not used: it ends for good when one {@code
 * accept} fails, and sets no time limit on a request once its first byte has arrived.
 */
public final class Listener {
  private static final Logger LOGGER = System.getLogger(Listener.class.getName());
  private static final int BACKLOG = 1024;

  /** While the machine is out of descriptors, accept fails immediately, again and again. */
  private static final long RETRY_MILLIS = 50;

  /** After accept has failed, spares the clients that have only just got through. */
  private static final long SPARED_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final long WARNING_NANOS = TimeUnit.MINUTES.toNanos(1);

  /**
   * Kernel buffer of a connection, in bytes; the kernel uses at most twice that. By default it uses
   * up to 4 MiB for a client that does not read, and the container pays for it.
   */
  static final int SEND_BUFFER = 32 << 10;

  static final int RECEIVE_BUFFER = 16 << 10;

  private final String name;
  private final int port;
  private final Limits limits;
  private final Router router;
  private final HelidonListener helidon;
  private final Events events;
  private final Semaphore places;
  private final Crowd crowd;
  private final BooleanSupplier ending;
  private ServerSocketChannel server;
  private volatile boolean stopping;

  /** What a listener reports and queries. */
  public interface Events {
    /** Whether responses announce from now on that their connection closes. */
    boolean isEnding();

    /** A connection was closed for that reason: stalled or crowded. */
    void connectionCut(String reason);

    /** The listener accepts no more connections, although nobody stopped it. */
    void listenerEnded(String name);
  }

  /**
   * @param port 0 for any free port
   * @param refusals responds to requests that never reach routing
   */
  public Listener(
      String name,
      int port,
      Limits limits,
      HttpRouting.Builder routing,
      DirectHandlers refusals,
      MediaContext media,
      Events events) {
    this.name = name;
    this.port = port;
    this.limits = limits;
    this.router = Router.builder().addRouting(routing).build();
    this.helidon = new HelidonListener(name, refusals, media);
    this.events = events;
    this.places = new Semaphore(limits.places());
    this.crowd = new Crowd(events::connectionCut);
    this.ending = () -> stopping || events.isEnding();
  }

  /**
   * Opens the port.
   *
   * @throws IOException if it cannot be opened
   */
  public void start() throws IOException {
    router.beforeStart();
    // Loads its classes now: when it is needed, there may be no descriptor to open their files.
    crowd.makeRoom(0);
    server = ServerSocketChannel.open();
    try {
      server.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      server.setOption(StandardSocketOptions.SO_RCVBUF, RECEIVE_BUFFER);
      server.bind(new InetSocketAddress(port), BACKLOG);
    } catch (IOException e) {
      server.close();
      throw e;
    }
    Thread.ofPlatform().name(name + "-listener").start(this::listen);
    Thread.ofPlatform().daemon().name(name + "-sweeper").start(() -> crowd.sweep(() -> stopping));
  }

  /** The port in use, even if 0 was configured. */
  public int port() {
    return server.socket().getLocalPort();
  }

  /**
   * Closes the port and idle connections. Requests in progress still get their responses, and new
   * connections stay open: their clients send at once, so a request has probably arrived unread.
   */
  public void stop() {
    stopping = true;
    try {
      server.close();
    } catch (IOException e) {
      LOGGER.log(Level.WARNING, "The port " + port() + " did not close", e);
    }
    crowd.closeAll(Connection.State.IDLE);
    router.afterStop();
  }

  /** Whether all connections end in time; those that have sent nothing get only a third of it. */
  public boolean awaitEnd(long millis) throws InterruptedException {
    if (places.tryAcquire(limits.places(), millis / 3, TimeUnit.MILLISECONDS)) {
      return true;
    }
    crowd.closeAll(Connection.State.FRESH);
    if (places.tryAcquire(limits.places(), millis - millis / 3, TimeUnit.MILLISECONDS)) {
      return true;
    }
    for (Connection.State state : Connection.State.values()) {
      crowd.closeAll(state);
    }
    return false;
  }

  private void listen() {
    long warned = System.nanoTime() - WARNING_NANOS;
    try {
      while (!stopping) {
        if (!places.tryAcquire()) {
          crowd.makeRoom(0);
          places.acquire();
        }
        try {
          SocketChannel channel = server.accept();
          Thread.ofVirtual().start(() -> serve(channel));
        } catch (ClosedChannelException e) {
          places.release();
          return;
        } catch (IOException e) {
          places.release();
          if (System.nanoTime() - warned >= WARNING_NANOS) {
            warned = System.nanoTime();
            LOGGER.log(
                Level.WARNING,
                "The " + name + " port cannot accept connections: " + e.getMessage());
          }
          crowd.makeRoom(SPARED_NANOS);
          Thread.sleep(RETRY_MILLIS);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException | Error e) {
      LOGGER.log(Level.ERROR, "The " + name + " port accepts no more connections", e);
      throw e;
    } finally {
      if (!stopping) {
        events.listenerEnded(name);
      }
    }
  }

  private void serve(SocketChannel channel) {
    Connection connection = new Connection(channel, limits, ending, () -> stopping);
    crowd.add(connection);
    try (channel) {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.setOption(StandardSocketOptions.SO_SNDBUF, SEND_BUFFER);
      ChannelContext context = new ChannelContext(connection, channel, helidon, router);
      ScopedValue.where(RawFields.CONNECTION, connection).run(() -> serve(connection, context));
    } catch (IOException e) {
      // the client disconnected before we got to it
    } finally {
      crowd.remove(connection);
      places.release();
    }
  }

  private void serve(Connection connection, ChannelContext context) {
    try {
      helidon.http().connection(context).handle(FixedLimit.create());
    } catch (CloseConnectionException e) {
      // closed by the client or by us
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    connection.linger();
  }
}
