package meridian.probe;

import java.io.PrintStream;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import meridian.settings.Durations;

/** The command {@code probe}: says OK or Failed of a service and its clock. */
public final class Probe {
  /** EX_USAGE of sysexits.h; 0 to 3 are verdicts. */
  private static final int USAGE_ERROR = 64;

  private static final String USAGE =
      """
      Usage: probe [--tolerance 1s] [--timeout 5s] [--every 1m] [--format text|json] URL
      Asks the URL, or /now below it when it has no path, for the time and compares clocks.
      Exit codes: 0 OK, 1 clock outside the tolerance, 2 down, 3 inconclusive, 64 wrong usage.\
      """;

  private enum Format {
    TEXT,
    JSON
  }

  private record Options(
      URI uri, Duration tolerance, Duration timeout, Optional<Duration> every, Format format) {}

  private Probe() {}

  /**
   * Runs the command.
   *
   * @return the exit code; with {@code --every} it returns only when interrupted
   */
  public static int run(
      List<String> arguments, InstantSource clock, PrintStream out, PrintStream errors)
      throws InterruptedException {
    Options options;
    try {
      options = parse(arguments);
    } catch (IllegalArgumentException e) {
      errors.println(e.getMessage());
      errors.println(USAGE);
      return USAGE_ERROR;
    }
    Checker checker = new Checker(clock, options.timeout());
    while (true) {
      Result result = checker.check(options.uri(), options.tolerance());
      out.println(
          switch (options.format()) {
            case TEXT -> result.text();
            case JSON -> result.json(clock.instant());
          });
      if (options.every().isEmpty()) {
        return result.verdict().exitCode();
      }
      Thread.sleep(options.every().get());
    }
  }

  private static Options parse(List<String> arguments) {
    Duration tolerance = Duration.ofSeconds(1);
    Duration timeout = Duration.ofSeconds(5);
    Optional<Duration> every = Optional.empty();
    Format format = Format.TEXT;
    Optional<URI> uri = Optional.empty();

    Deque<String> rest = new ArrayDeque<>(arguments);
    while (!rest.isEmpty()) {
      String argument = rest.removeFirst();
      switch (argument) {
        case "--tolerance" -> tolerance = duration(argument, rest);
        case "--timeout" -> timeout = duration(argument, rest);
        case "--every" -> every = Optional.of(duration(argument, rest));
        case "--format" ->
            format =
                switch (value(argument, rest)) {
                  case "text" -> Format.TEXT;
                  case "json" -> Format.JSON;
                  default -> throw new IllegalArgumentException("--format takes text or json");
                };
        default -> {
          if (argument.startsWith("-") || uri.isPresent()) {
            throw new IllegalArgumentException("Not understood: " + argument);
          }
          uri = Optional.of(uri(argument));
        }
      }
    }
    return new Options(
        uri.orElseThrow(() -> new IllegalArgumentException("The URL is missing")),
        tolerance,
        timeout,
        every,
        format);
  }

  private static Duration duration(String option, Deque<String> rest) {
    String text = value(option, rest);
    return Durations.parse(text)
        .filter(it -> !it.isZero())
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    option + ": \"" + text + "\" is not accepted, use " + Durations.WHAT_IS_ACCEPTED));
  }

  private static String value(String option, Deque<String> rest) {
    if (rest.isEmpty()) {
      throw new IllegalArgumentException(option + " lacks its value");
    }
    return rest.removeFirst();
  }

  private static URI uri(String text) {
    URI uri = URI.create(text);
    if (uri.getHost() == null || !List.of("http", "https").contains(uri.getScheme())) {
      throw new IllegalArgumentException("\"" + text + "\" is not an http or https address");
    }
    String path = uri.getPath();
    return path.isEmpty() || path.equals("/") ? uri.resolve("/now") : uri;
  }
}
