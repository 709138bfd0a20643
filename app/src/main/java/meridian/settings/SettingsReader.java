package meridian.settings;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Reads typed values out of application.yaml, overridden by the environment. */
final class SettingsReader {
  private static final String PREFIX = "MERIDIAN_";

  private final Map<String, String> file;
  private final Map<String, String> environment;

  /**
   * @throws SettingsException if the file or the environment has a key that is not in {@code keys},
   *     or the file lacks one
   */
  SettingsReader(Set<String> keys, Map<String, String> file, Map<String, String> environment) {
    this.file = file;
    this.environment = environment;

    Set<String> unknown = new TreeSet<>(file.keySet());
    unknown.removeAll(keys);
    refuse(unknown, "application.yaml", keys);

    Set<String> missing = new TreeSet<>(keys);
    missing.removeAll(file.keySet());
    if (!missing.isEmpty()) {
      throw new SettingsException("application.yaml lacks " + String.join(", ", missing));
    }

    Set<String> names = keys.stream().map(SettingsReader::variable).collect(Collectors.toSet());
    Set<String> unknownNames =
        environment.keySet().stream()
            .filter(name -> name.startsWith(PREFIX) && !names.contains(name))
            .collect(Collectors.toCollection(TreeSet::new));
    refuse(unknownNames, "the environment", names);

    environment.forEach(
        (name, value) -> {
          // Java's replacement for bytes that its locale cannot decode.
          if (names.contains(name) && value.indexOf('\uFFFD') >= 0) {
            throw new SettingsException(
                name
                    + " cannot be read in this locale; set LC_ALL=C.UTF-8 and encode the value in UTF-8");
          }
        });
  }

  /** The variable that overrides a key: PORT for port, MERIDIAN_ and the key for the others. */
  static String variable(String key) {
    return key.equals("port")
        ? "PORT"
        : PREFIX + key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
  }

  /** The value, parsed by a parser that returns empty for what it does not accept. */
  <T> T parsed(String key, Function<String, Optional<T>> parser, String whatIsAccepted) {
    return parser.apply(value(key)).orElseThrow(() -> refusal(key, whatIsAccepted));
  }

  String text(String key, Predicate<String> accepted, String whatIsAccepted) {
    return parsed(key, text -> Optional.of(text).filter(accepted), whatIsAccepted);
  }

  int integer(String key, int min, int max) {
    return parsed(
        key,
        text ->
            Optional.of(text)
                .filter(it -> it.matches("[0-9]{1,9}"))
                .map(Integer::valueOf)
                .filter(number -> number >= min && number <= max),
        "a whole number from " + min + " to " + max);
  }

  Duration duration(String key, String min, String max) {
    Duration shortest = Durations.parse(min).orElseThrow();
    Duration longest = Durations.parse(max).orElseThrow();
    return parsed(
        key,
        text ->
            Durations.parse(text)
                .filter(it -> it.compareTo(shortest) >= 0 && it.compareTo(longest) <= 0),
        Durations.WHAT_IS_ACCEPTED + ", from " + min + " to " + max);
  }

  <E extends Enum<E>> E choice(String key, Class<E> type) {
    Map<String, E> choices = new TreeMap<>();
    for (E constant : type.getEnumConstants()) {
      choices.put(constant.name().toLowerCase(Locale.ROOT), constant);
    }
    return parsed(
        key, text -> Optional.ofNullable(choices.get(text)), String.join(" or ", choices.keySet()));
  }

  SettingsException refusal(String key, String whatIsAccepted) {
    String source = environment.containsKey(variable(key)) ? variable(key) : key;
    return new SettingsException(
        "%s: \"%s\" is not accepted, use %s".formatted(source, value(key), whatIsAccepted));
  }

  private String value(String key) {
    return environment.getOrDefault(variable(key), file.get(key));
  }

  private static void refuse(Set<String> unknown, String place, Set<String> accepted) {
    if (!unknown.isEmpty()) {
      List<String> names = new ArrayList<>(accepted);
      names.sort(null);
      throw new SettingsException(
          "%s has the unknown key %s; accepted keys: %s"
              .formatted(place, String.join(", ", unknown), String.join(", ", names)));
    }
  }
}
