package meridian.settings;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as people type them: a whole number with ms, s, m or h. */
public final class Durations {
  public static final String WHAT_IS_ACCEPTED = "a duration such as 500ms, 4s, 15m or 1h";

  private static final Pattern SYNTAX = Pattern.compile("([0-9]{1,6})(ms|s|m|h)");

  private Durations() {}

  /** Parses a whole number of at most six digits and its unit: ms, s, m or h. */
  public static Optional<Duration> parse(String text) {
    Matcher matcher = SYNTAX.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    long amount = Long.parseLong(matcher.group(1));
    return Optional.of(
        switch (matcher.group(2)) {
          case "ms" -> Duration.ofMillis(amount);
          case "s" -> Duration.ofSeconds(amount);
          case "m" -> Duration.ofMinutes(amount);
          default -> Duration.ofHours(amount);
        });
  }
}
