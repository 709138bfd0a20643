package meridian;

/**
 * Whether this instance accepts traffic. It does not cover the document store: see {@link
 * AdminRoutes}.
 */
final class Health {
  private enum State {
    STARTING,
    READY,
    DRAINING
  }

  private volatile State state = State.STARTING;

  /** Has no effect once draining has begun. */
  synchronized void started() {
    if (state == State.STARTING) {
      state = State.READY;
    }
  }

  synchronized void draining() {
    state = State.DRAINING;
  }

  boolean isStarted() {
    return state != State.STARTING;
  }

  boolean isReady() {
    return state == State.READY;
  }

  boolean isDraining() {
    return state == State.DRAINING;
  }
}
