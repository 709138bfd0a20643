package meridian.probe;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * The range in which the offset of the server's clock from ours must lie, both ends included.
 *
 * <p>The server read its clock between the request's departure and the response's arrival. So one
 * exchange proves a range as wide as the round trip, and several exchanges prove the intersection
 * of their ranges.
 */
record Interval(Duration low, Duration high) {
  private static final Duration MICROSECOND = Duration.ofNanos(1000);

  Interval {
    if (low.compareTo(high) > 0) {
      throw new IllegalArgumentException(low + " is above " + high);
    }
  }

  /**
   * The range that one exchange proves.
   *
   * @param sent when the request was sent, by our clock
   * @param server the time that the server reported, truncated to microseconds
   * @param received when the response's first byte arrived, by our clock
   */
  static Interval of(Instant sent, Instant server, Instant received) {
    return new Interval(
        Duration.between(received, server),
        // Not server.plus, which overflows at the last instant that a service can report.
        Duration.between(sent, server).plus(MICROSECOND));
  }

  /** The intersection; empty if both contradict each other, as when a clock was set in between. */
  Optional<Interval> and(Interval other) {
    Duration from = low.compareTo(other.low) > 0 ? low : other.low;
    Duration to = high.compareTo(other.high) < 0 ? high : other.high;
    return from.compareTo(to) > 0 ? Optional.empty() : Optional.of(new Interval(from, to));
  }

  Duration middle() {
    return low.plus(high).dividedBy(2);
  }

  Duration uncertainty() {
    return high.minus(low).dividedBy(2);
  }

  /** Whether the offset is at most the tolerance, above it, or not known to be either. */
  Verdict judge(Duration tolerance) {
    Duration below = tolerance.negated();
    if (low.compareTo(below) >= 0 && high.compareTo(tolerance) <= 0) {
      return Verdict.INSIDE;
    }
    return low.compareTo(tolerance) > 0 || high.compareTo(below) < 0
        ? Verdict.OUTSIDE
        : Verdict.INCONCLUSIVE;
  }
}
