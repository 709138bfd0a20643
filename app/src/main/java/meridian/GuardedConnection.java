package meridian;

import io.helidon.common.buffers.DataReader;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.task.InterruptableTask;
import io.helidon.http.HeaderValues;
import io.helidon.http.Headers;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ServerConnectionException;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.spi.ServerConnection;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** One connection and the time that its current request may still take. */
final class GuardedConnection implements ServerConnection, InterruptableTask<Void> {
  /** How long a client may take to read our last answer before the connection goes. */
  private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final DataReader received;
  private final long timeoutNanos;
  private final Set<GuardedConnection> registry;
  private final DataReader reader = new DataReader(this::read);
  private final ServerConnection http;

  // Written by the connection's thread, read by the sweeper. While idle, since is when that began;
  // otherwise it is the deadline.
  private volatile boolean idle;
  private volatile long since;
  private volatile boolean served;
  private boolean closing;
  private boolean ended;

  GuardedConnection(
      ConnectionContext context,
      Http1ConnectionSelector http1,
      Duration timeout,
      Set<GuardedConnection> registry) {
    this.received = context.dataReader();
    this.timeoutNanos = timeout.toNanos();
    this.registry = registry;
    this.since = System.nanoTime() + timeoutNanos;
    this.http = http1.connection(new Context(context));
  }

  boolean isOverdue(long now) {
    return !idle && now - since > 0;
  }

  boolean isIdle() {
    return idle;
  }

  long nanosIdle(long now) {
    return now - since;
  }

  @Override
  public void handle(Limit limit) throws InterruptedException {
    registry.add(this);
    try {
      http.handle(limit);
    } finally {
      try {
        if (!ended) {
          linger();
        }
      } finally {
        registry.remove(this);
      }
    }
  }

  @Override
  public Duration idleTime() {
    return http.idleTime();
  }

  /**
   * Now if {@code interrupt}, else once the request is answered. A new connection is spared: its
   * client sends at once, so that when the server stops, the request is likely to be here and not
   * yet read.
   */
  @Override
  public void close(boolean interrupt) {
    if (interrupt || served) {
      http.close(interrupt);
    }
  }

  /** Whether the connection is kept alive without a request. */
  @Override
  public boolean canInterrupt() {
    return served && isBetweenRequests();
  }

  private boolean isBetweenRequests() {
    return ((InterruptableTask<?>) http).canInterrupt();
  }

  /** Supplies what the client sends next, and notes whether anyone waits for it. */
  private byte[] read() {
    if (closing && isBetweenRequests()) {
      ended = true;
      return null; // nobody is to wait for another request
    }
    if (canInterrupt() && reader.available() == 0) {
      since = System.nanoTime();
      idle = true;
    }
    byte[] bytes = receive();
    if (idle) {
      since = System.nanoTime() + timeoutNanos;
      idle = false;
    }
    return bytes;
  }

  /** What the client sent, as much as there is; null when it sends no more. */
  private byte[] receive() {
    try {
      received.ensureAvailable(); // Helidon may have read ahead to see which protocol it is
      return received.readBytes(received.available());
    } catch (DataReader.InsufficientDataAvailableException e) {
      ended = true;
      return null;
    }
  }

  /**
   * Reads on for a moment before the close, when a request was refused before its end: closing over
   * unread input resets the connection, and the reset can overtake the answer, so that a client
   * that sent too much never learns why.
   */
  private void linger() {
    since = System.nanoTime() + LINGER_NANOS;
    idle = false;
    try {
      while (!isOverdue(System.nanoTime()) && receive() != null) {
        // discarded
      }
    } catch (ServerConnectionException e) {
      // gone already
    }
  }

  /** What Helidon knows of the connection, with our reader in place of its own. */
  final class Context extends ForwardingConnectionContext {
    Context(ConnectionContext delegate) {
      super(delegate);
    }

    void requestLineRead() {
      if (closing) {
        throw new CloseConnectionException("The end of the connection was announced");
      }
      served = true;
      since = System.nanoTime() + timeoutNanos;
    }

    /** Of a request or of its answer. */
    void headersPassed(Headers headers) {
      closing |= headers.contains(HeaderValues.CONNECTION_CLOSE);
    }

    @Override
    public DataReader dataReader() {
      return reader;
    }
  }
}
