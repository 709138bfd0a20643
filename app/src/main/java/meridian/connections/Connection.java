package meridian.connections;

import io.helidon.webserver.CloseConnectionException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;

/**
 * One client's connection: what it does, since when, and until when it may go on with that.
 *
 * <pre>
 *          first byte       empty line           part ready
 *   FRESH ───────────▶ READING ───────▶ ANSWERING ─────────▶ WRITING
 *                        ▲  │               │  ▲────────────────┘
 *             first byte │  │               │      client took it
 *                        │  │ refused       │ answered
 *                       IDLE◀─────────────  │
 *                           └──────┬────────┴─ for the last time
 *                                  ▼
 *                             LINGERING ──── client closed ───▶ CLOSED
 *
 *   from any state: overdue, or another client needs the place ▶ CLOSED
 * </pre>
 *
 * <p>Its own thread moves it along; others only close it.
 */
final class Connection {
  /** What a connection does. */
  enum State {
    /** Nothing has come yet. */
    FRESH,
    /** A request has begun to come. */
    READING,
    /** A request is answered, without waiting for the client. */
    ANSWERING,
    /** The client is to take a part of the response. */
    WRITING,
    /** Kept alive between two requests. */
    IDLE,
    /** Answered for the last time, so that the client gets a moment to read it. */
    LINGERING,
    CLOSED
  }

  private static final Duration LINGER = Duration.ofSeconds(1);

  /** Between two reads, so that who sends without end costs hardly any CPU. */
  private static final Duration LINGER_PAUSE = Duration.ofMillis(10);

  /** What is sent too much goes here, of all connections at once: nobody reads it. */
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

  // Of the connection's own thread.
  private boolean last;
  private byte[] head = {};

  /**
   * @param ending whether responses announce that their connection ends
   * @param stopped whether a connection ends without that; before, a client that was promised
   *     another request may send it
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

  /** Since when it is in its state, in nanoseconds of {@link System#nanoTime}. */
  long since() {
    return since;
  }

  boolean isOverdue(long now) {
    return now - deadline > 0;
  }

  /**
   * Closes it if it is still in that state, and says whether it was.
   *
   * @param before run when it was, before the client can see it
   */
  boolean closeIf(State expected, Runnable before) {
    if (expected == State.CLOSED || !state.compareAndSet(expected, State.CLOSED)) {
      return false;
    }
    before.run();
    try {
      channel.close();
    } catch (IOException e) {
      // gone is gone
    }
    return true;
  }

  /** The line and fields of the request in hand, as they were sent. */
  byte[] head() {
    return head;
  }

  /** To be called when the response tells the client that the connection ends. */
  void endAnnounced() {
    last = true;
  }

  /**
   * Waits for the next request, which Helidon does when it has answered the one before.
   *
   * @return null when there is none
   * @throws io.helidon.http.RequestException when it is to be refused, after which there is none
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
    last = true; // should what comes now not be a request
    byte[] bytes = input.next();
    while (bytes == null) {
      int count = receive();
      if (count < 0) {
        if (input.isEmpty()) {
          return null;
        }
        throw Refusals.malformed(input.received()); // cut off
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

  /** Gives a part of a response to the client, which takes as long as that takes. */
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
   * Reads on for a moment before the close: closing over unread input resets the connection, and
   * the reset can overtake the response, so that a client that sent too much never learns why.
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
      // gone already
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    closeIf(State.LINGERING, () -> {});
  }

  @SuppressWarnings("ThreadPriorityCheck") // a virtual thread that never waits keeps its CPU
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
