package meridian.logs;

import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;

/** The only format of an instant: RFC 3339, UTC, always with six fractional digits. */
public final class Timestamps {
  // Instant.toString drops trailing zeros, so the width would vary between responses.
  private static final DateTimeFormatter MICROSECONDS =
      new DateTimeFormatterBuilder().appendInstant(6).toFormatter();

  private Timestamps() {}

  public static String format(Instant instant) {
    return MICROSECONDS.format(instant);
  }
}
