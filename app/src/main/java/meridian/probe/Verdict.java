package meridian.probe;

/** What a check came to, with the exit code that tells it to a script. */
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
