package meridian.probe;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.is;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class IntervalTest {
  private static final Instant T = Instant.parse("2026-11-21T00:00:00Z");

  private static Interval millis(long low, long high) {
    return new Interval(Duration.ofMillis(low), Duration.ofMillis(high));
  }

  static Stream<Arguments> ranges() throws IOException {
    return ProbeTest.table(0);
  }

  @ParameterizedTest
  @MethodSource("ranges")
  void verdictIsWhatTheRangeProves(JsonNode row) {
    Verdict verdict = millis(row.get(0).asLong(), row.get(1).asLong()).judge(Duration.ofSeconds(1));
    assertThat(verdict, is(Verdict.valueOf(row.get(2).asText())));
  }

  @Test
  void severalExchangesProveTheirIntersection() {
    assertThat(millis(-10, 5).and(millis(-2, 20)), equalTo(Optional.of(millis(-2, 5))));
    assertThat(millis(-10, 5).and(millis(5, 20)), equalTo(Optional.of(millis(5, 5))));
    assertThat(millis(-10, 5).and(millis(6, 20)), equalTo(Optional.empty()));
  }

  /** However the round trip is split between the two ways, the range contains the true offset. */
  @Test
  void rangeContainsTheTrueOffset() {
    Random random = new Random(1);
    for (int i = 0; i < 10_000; i++) {
      Duration offset = Duration.ofNanos(random.nextLong(-3_000_000_000L, 3_000_000_000L));
      Duration there = Duration.ofNanos(random.nextLong(1, 500_000_000));
      Duration back = Duration.ofNanos(random.nextLong(1, 500_000_000));
      Instant server = T.plus(there).plus(offset);
      Instant reported = server.truncatedTo(ChronoUnit.MICROS);

      Interval interval = Interval.of(T, reported, T.plus(there).plus(back));

      assertThat(interval.low().compareTo(offset) <= 0, is(true));
      assertThat(interval.high().compareTo(offset) >= 0, is(true));
      assertThat(
          interval.uncertainty().multipliedBy(2).minus(there).minus(back).toNanos() <= 1000,
          is(true));
    }
  }
}
