package meridian.connections;

import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import meridian.connections.Connection.State;

/** All connections of a listener, and the choice of those to close. */
final class Crowd {
  private static final long SWEEP_MILLIS = 500;

  private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
  private final Consumer<String> onCut;

  /** A connection that is waiting for its client, and for how long. */
  private record Waiting(Connection connection, State state, long nanos) {}

  /**
   * @param onCut called with the reason for each connection that is closed: stalled or crowded
   */
  Crowd(Consumer<String> onCut) {
    this.onCut = onCut;
  }

  void add(Connection connection) {
    connections.add(connection);
  }

  void remove(Connection connection) {
    connections.remove(connection);
  }

  /**
   * Closes the connections that have waited longest for their clients: for a request, for the rest
   * of one, or for a response to be read. Closes a twentieth at a time, because the search takes a
   * while, and because the newest have hardly had time to send.
   *
   * @param atLeastNanos how long a connection must have waited to be closed
   */
  void makeRoom(long atLeastNanos) {
    long now = System.nanoTime();
    List<Waiting> waiting =
        connections.stream()
            .map(it -> new Waiting(it, it.state(), now - it.since()))
            .filter(it -> it.state() != State.ANSWERING && it.nanos() >= atLeastNanos)
            .sorted(Comparator.comparingLong(Waiting::nanos).reversed())
            .toList();
    for (Waiting longest : waiting.subList(0, (waiting.size() + 19) / 20)) {
      // Has no effect if a request has arrived in the meantime.
      longest.connection().closeIf(longest.state(), () -> onCut.accept("crowded"));
    }
  }

  void closeAll(State state) {
    for (Connection connection : connections) {
      connection.closeIf(state, () -> {});
    }
  }

  /** Closes overdue connections until {@code isOver}. */
  void sweep(BooleanSupplier isOver) {
    try {
      while (!isOver.getAsBoolean()) {
        Thread.sleep(SWEEP_MILLIS);
        long now = System.nanoTime();
        for (Connection connection : connections) {
          if (connection.isOverdue(now)) {
            State state = connection.state();
            boolean isStalled = state != State.IDLE && state != State.LINGERING;
            connection.closeIf(state, () -> stalled(isStalled));
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void stalled(boolean isStalled) {
    if (isStalled) {
      onCut.accept("stalled");
    }
  }
}
