package meridian.connections;

import io.helidon.webserver.CloseConnectionException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;

/**
 * One client's connection: its state, when it entered it, and how long it may stay in it.
 *
 * <pre>
 *          first byte       empty line           part ready
 *   FRESH ───────────▶ READING ───────▶ ANSWERING ─────────▶ WRITING
 *                        ▲  │               │  ▲────────────────┘
 *             first byte │  │               │      client read it
 *                        │  │ refused       │ answered
 *                       IDLE◀─────────────  │
 *                           └──────┬────────┴─ for the last time
 *                                  ▼
 *                             LINGERING ──── client closed ───▶ CLOSED
 *
 *   from any state: overdue, or another client needs the place ▶ CLOSED
 * </pre>
 *
 * <p>Its own thread changes its state; other threads only close it.
 */
final class Connection {
  enum State {
    /** Nothing has arrived yet. */
    FRESH,
    /** Part of a request has arrived. */
    READING,
    /** A response is being prepared, without waiting for the client. */
    ANSWERING,
    /** The client is expected to read a part of the response. */
    WRITING,
    /** Kept alive between two requests. */
    IDLE,
    /** The last response has been sent; the client gets a moment to read it. */
    LINGERING,
    CLOSED
  }

  private static final Duration LINGER = Duration.ofSeconds(1);

  /** Between two reads, so that a client that sends without end costs hardly any CPU. */
  private static final Duration LINGER_PAUSE = Duration.ofMillis(10);

  /** Surplus input of all connections goes into this one buffer, which nobody reads. */
  private static final ByteBuffer DISCARDED =
      ByteBuffer.allocateDirect(2 * Listener.RECEIVE_BUFFER);

  private final SocketChannel channel;
  private final Limits limits;
  private final BooleanSupplier ending;
  private final BooleanSupplier stopped;
  private final HeadReader input = new HeadReader();
  private final AtomicReference<State> state = new AtomicReference<>(State.FRESH);
  private volatile long since = System.nanoTime();
  private volatile long deadline;

  // Used only by the connection's own thread.
  private boolean last;
  private byte[] head = {};

  /**
   * @param ending whether responses announce that their connection closes
   * @param stopped whether connections close without that announcement; until then, a client that
   *     was promised another request may send it
   */
  Connection(
      SocketChannel channel, Limits limits, BooleanSupplier ending, BooleanSupplier stopped) {
    this.channel = channel;
    this.limits = limits;
    this.ending = ending;
    this.stopped = stopped;
    this.deadline = since + limits.requestTimeout().toNanos();
  }

  State state() {
    return state.get();
  }

  /** When it entered its state, in nanoseconds of {@link System#nanoTime}. */
  long since() {
    return since;
  }

  boolean isOverdue(long now) {
    return now - deadline > 0;
  }

  /**
   * Closes the connection if it is still in that state, and returns whether it was.
   *
   * @param before runs if it was, before the client can notice the close
   */
  boolean closeIf(State expected, Runnable before) {
    if (expected == State.CLOSED || !state.compareAndSet(expected, State.CLOSED)) {
      return false;
    }
    before.run();
    try {
      channel.close();
    } catch (IOException e) {
      // closed either way
    }
    return true;
  }

  /** The line and fields of the current request, as they were sent. */
  byte[] head() {
    return head;
  }

  /** Call this when a response announces that the connection closes. */
  void endAnnounced() {
    last = true;
  }

  /**
   * Waits for the next request. Helidon calls this once it has responded to the previous one.
   *
   * @return null if there is none
   * @throws io.helidon.http.RequestException if the request is refused; then it is the last
   */
  byte[] nextHead() {
    if (last) {
      return null;
    }
    if (state() == State.ANSWERING) {
      if (stopped.getAsBoolean()) {
        return null;
      }
      enter(input.isEmpty() ? State.IDLE : State.READING);
      if (!input.isEmpty()) {
        letOthersRun();
      }
    }
    last = true; // unless a valid request follows
    byte[] bytes = input.next();
    while (bytes == null) {
      int count = receive();
      if (count < 0) {
        if (input.isEmpty()) {
          return null;
        }
        throw Refusals.malformed(input.received()); // ended within a request
      }
      input.received(count);
      bytes = input.next();
      if (bytes == null && !input.isEmpty() && state() != State.READING) {
        enter(State.READING);
      }
    }
    RequestHead request = RequestHead.of(bytes, ending.getAsBoolean());
    last = request.last();
    head = bytes;
    enter(State.ANSWERING);
    return request.bytes();
  }

  /** Writes a part of a response, and blocks for as long as the client does not read it. */
  void write(ByteBuffer part) {
    State before = state();
    enter(State.WRITING);
    try {
      while (part.hasRemaining()) {
        channel.write(part);
      }
    } catch (IOException e) {
      throw new CloseConnectionException("The client went away", e);
    }
    state.compareAndSet(State.WRITING, before);
  }

  /**
   * Keeps reading for a moment before the close: closing with unread input resets the connection,
   * and the reset can overtake the response, so that a client that sent too much never learns why.
   */
  void linger() {
    try {
      enter(State.LINGERING);
      channel.shutdownOutput();
      input.clear();
      while (channel.read(DISCARDED.duplicate()) >= 0) {
        Thread.sleep(LINGER_PAUSE);
      }
    } catch (IOException | CloseConnectionException e) {
      // closed already
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    closeIf(State.LINGERING, () -> {});
  }

  @SuppressWarnings("ThreadPriorityCheck") // a virtual thread that never blocks keeps its CPU
  private static void letOthersRun() {
    Thread.yield();
  }

  private int receive() {
    try {
      return channel.read(input.room());
    } catch (IOException e) {
      throw new CloseConnectionException("The client went away", e);
    }
  }

  private void enter(State next) {
    State current = state();
    long now = System.nanoTime();
    since = now;
    switch (next) {
      case READING, ANSWERING -> deadline = now + limits.requestTimeout().toNanos();
      case IDLE -> deadline = now + limits.idleTimeout().toNanos();
      case LINGERING -> deadline = now + LINGER.toNanos();
      case FRESH, WRITING, CLOSED -> {} // no new deadline
    }
    if (current == State.CLOSED || !state.compareAndSet(current, next)) {
      throw new CloseConnectionException("The connection was closed");
    }
  }
}
