package meridian.probe;

/** The outcome of a check, with its exit code for scripts. */
enum Verdict {
  /** Up, and the clock is right. */
  INSIDE(0),
  /** Up, and the clock is wrong. */
  OUTSIDE(1),
  /** No valid response. */
  DOWN(2),
  /** Up, but the responses were too slow to tell. */
  INCONCLUSIVE(3);

  private final int exitCode;

  Verdict(int exitCode) {
    this.exitCode = exitCode;
  }

  int exitCode() {
    return exitCode;
  }
}
