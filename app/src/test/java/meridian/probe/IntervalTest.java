package meridian.probe;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.is;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IntervalTest {
  private static final Instant T = Instant.parse("2026-11-21T00:00:00Z");

  private static Interval millis(long low, long high) {
    return new Interval(Duration.ofMillis(low), Duration.ofMillis(high));
  }

  @ParameterizedTest
  @CsvSource({
    "-1000, 1000, INSIDE",
    "-10,   10,   INSIDE",
    "-1001, 0,    INCONCLUSIVE",
    "0,     1001, INCONCLUSIVE",
    "-5000, 5000, INCONCLUSIVE",
    "1000,  2000, INCONCLUSIVE",
    "1001,  2000, OUTSIDE",
    "-2000, -1001, OUTSIDE",
  })
  void verdictIsWhatTheRangeProves(long low, long high, Verdict verdict) {
    assertThat(millis(low, high).judge(Duration.ofSeconds(1)), is(verdict));
  }

  @Test
  void severalExchangesProveWhatTheyHaveInCommon() {
    assertThat(millis(-10, 5).and(millis(-2, 20)), equalTo(Optional.of(millis(-2, 5))));
    assertThat(millis(-10, 5).and(millis(5, 20)), equalTo(Optional.of(millis(5, 5))));
    assertThat(millis(-10, 5).and(millis(6, 20)), equalTo(Optional.empty()));
  }

  /** However the round trip is split between the two ways, the range holds the true offset. */
  @Test
  void rangeHoldsTheTrueOffset() {
    Random random = new Random(1);
    for (int i = 0; i < 10_000; i++) {
      Duration offset = Duration.ofNanos(random.nextLong(-3_000_000_000L, 3_000_000_000L));
      Duration there = Duration.ofNanos(random.nextLong(1, 500_000_000));
      Duration back = Duration.ofNanos(random.nextLong(1, 500_000_000));
      Instant server = T.plus(there).plus(offset);
      Instant told = server.truncatedTo(ChronoUnit.MICROS);

      Interval interval = Interval.of(T, told, T.plus(there).plus(back));

      assertThat(interval.low().compareTo(offset) <= 0, is(true));
      assertThat(interval.high().compareTo(offset) >= 0, is(true));
      assertThat(
          interval.uncertainty().multipliedBy(2).minus(there).minus(back).toNanos() <= 1000,
          is(true));
    }
  }
}
