package meridian.probe;

import java.io.PrintStream;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import meridian.settings.Durations;

/** The command {@code probe}: reports OK or Failed for a service and its clock. */
public final class Probe {
  /** EX_USAGE of sysexits.h; 0 to 3 are verdicts. */
  private static final int USAGE_ERROR = 64;

  private static final String USAGE =
      """
      Usage: probe [OPTION VALUE]... URL

      Asks the http or https URL for the time and compares the clocks. If the URL has no path,
      /now is added. Prints one line, which begins with OK or Failed. A user and password in the URL
      are sent (Basic), and never printed.

        --tolerance DURATION  how far off the clock may be, default 1s
        --timeout DURATION    for each response, from the name look-up to the last byte, default
                              5s; the probe makes up to 11 requests to judge the clock
        --patience DURATION   how long to keep trying while nobody answers, default 0s. That
                              means: the name is unknown, the connection fails, no response
                              comes within the timeout, or a load balancer sends 502, 503 or
                              504, as it does while the service behind it is starting
        --every DURATION      check repeatedly with this pause, until stopped
        --format text|json    one line as text (the default), or as JSON for log collectors
        --help                prints this

      DURATION is a whole number with its unit: 500ms, 4s, 15m or 1h.

      Exit codes:
        0   OK: up, and the clock is inside the tolerance
        1   Failed: the clock is outside the tolerance
        2   Failed: down; no response that tells the time
        3   Failed: inconclusive; up, but too slow to tell whether the clock is inside it
        64  wrong usage

      The probe ignores proxies in the environment (http_proxy, https_proxy, all_proxy) and
      prints a warning. It uses Java's proxy settings, such as
      JDK_JAVA_OPTIONS='-Dhttp.proxyHost=… -Dhttp.proxyPort=…'.\
      """;

  private enum Format {
    TEXT,
    JSON
  }

  private record Options(
      Target target,
      Duration tolerance,
      Duration timeout,
      Duration patience,
      Optional<Duration> every,
      Format format) {}

  private Probe() {}

  /**
   * Runs the command.
   *
   * @param environment may name a proxy, which is not used
   * @return the exit code; with {@code --every}, only once nobody reads its lines any more
   */
  public static int run(
      List<String> arguments,
      Map<String, String> environment,
      InstantSource clock,
      PrintStream out,
      PrintStream errors)
      throws InterruptedException {
    if (arguments.contains("--help") || arguments.contains("-h")) {
      out.println(USAGE);
      return 0;
    }
    Options options;
    try {
      options = parse(arguments);
    } catch (IllegalArgumentException e) {
      errors.println(e.getMessage());
      errors.println();
      errors.println(USAGE);
      return USAGE_ERROR;
    }
    unusedProxy(options.target().url().getProtocol(), environment)
        .ifPresent(
            it -> errors.println(it + " is set, but the probe ignores it and connects directly."));
    Checker checker = new Checker(clock, options.timeout(), options.patience());
    while (true) {
      Result result = checker.check(options.target(), options.tolerance());
      out.println(
          switch (options.format()) {
            case TEXT -> result.text();
            case JSON -> result.json(clock.instant());
          });
      if (options.every().isEmpty() || out.checkError()) { // nobody reads the lines any more
        return result.verdict().exitCode();
      }
      Thread.sleep(options.every().get());
    }
  }

  private static Options parse(List<String> arguments) {
    Duration tolerance = Duration.ofSeconds(1);
    Duration timeout = Duration.ofSeconds(5);
    Duration patience = Duration.ZERO;
    Optional<Duration> every = Optional.empty();
    Format format = Format.TEXT;
    Optional<Target> target = Optional.empty();

    Deque<String> rest = new ArrayDeque<>(arguments);
    while (!rest.isEmpty()) {
      String argument = rest.removeFirst();
      switch (argument) {
        case "--tolerance" -> tolerance = duration(argument, rest);
        case "--timeout" -> timeout = duration(argument, rest);
        case "--patience" -> patience = durationOrZero(argument, rest);
        case "--every" -> every = Optional.of(duration(argument, rest));
        case "--format" ->
            format =
                switch (value(argument, rest)) {
                  case "text" -> Format.TEXT;
                  case "json" -> Format.JSON;
                  default -> throw new IllegalArgumentException("--format takes text or json");
                };
        default -> {
          if (argument.startsWith("-") || target.isPresent()) {
            throw new IllegalArgumentException("Not understood: " + Target.printable(argument));
          }
          target = Optional.of(Target.parse(argument));
        }
      }
    }
    return new Options(
        target.orElseThrow(() -> new IllegalArgumentException("The URL is missing")),
        tolerance,
        timeout,
        patience,
        every,
        format);
  }

  private static Duration duration(String option, Deque<String> rest) {
    Duration duration = durationOrZero(option, rest);
    if (duration.isZero()) {
      throw new IllegalArgumentException(option + " must be more than zero");
    }
    return duration;
  }

  private static Duration durationOrZero(String option, Deque<String> rest) {
    String text = value(option, rest);
    return Durations.parse(text)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "%s: \"%s\" is not accepted, use %s"
                        .formatted(option, Target.printable(text), Durations.WHAT_IS_ACCEPTED)));
  }

  private static String value(String option, Deque<String> rest) {
    if (rest.isEmpty()) {
      throw new IllegalArgumentException(option + " lacks its value");
    }
    return rest.removeFirst();
  }

  /** The variable that would make other programs use a proxy for such an address. */
  private static Optional<String> unusedProxy(String scheme, Map<String, String> environment) {
    return environment.entrySet().stream()
        .filter(it -> !it.getValue().isBlank())
        .map(Map.Entry::getKey)
        .filter(it -> it.equalsIgnoreCase(scheme + "_proxy") || it.equalsIgnoreCase("all_proxy"))
        .sorted()
        .findFirst();
  }
}
