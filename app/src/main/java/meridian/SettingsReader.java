package meridian;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Reads typed values out of application.yaml, overridden by the environment. */
final class SettingsReader {
  private static final String PREFIX = "MERIDIAN_";

  private final Map<String, String> file;
  private final Map<String, String> environment;

  /**
   * @throws SettingsException when the file or the environment has a key that is not in {@code
   *     keys}, or the file lacks one
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
  }

  /** The variable that overrides a key: PORT for port, MERIDIAN_ and the key for the others. */
  static String variable(String key) {
    return key.equals("port")
        ? "PORT"
        : PREFIX + key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
  }

  String text(String key, Predicate<String> accepted, String whatIsAccepted) {
    String value = value(key);
    if (!accepted.test(value)) {
      throw refusal(key, whatIsAccepted);
    }
    return value;
  }

  int integer(String key, int min, int max) {
    String accepted = "a whole number from " + min + " to " + max;
    String value = text(key, text -> text.matches("\\d{1,9}"), accepted);
    int number = Integer.parseInt(value);
    if (number < min || number > max) {
      throw refusal(key, accepted);
    }
    return number;
  }

  Duration duration(String key, String min, String max) {
    String accepted = Durations.WHAT_IS_ACCEPTED + ", from " + min + " to " + max;
    Duration duration = Durations.parse(text(key, Durations::isAccepted, accepted));
    if (duration.compareTo(Durations.parse(min)) < 0
        || duration.compareTo(Durations.parse(max)) > 0) {
      throw refusal(key, accepted);
    }
    return duration;
  }

  <E extends Enum<E>> E choice(String key, Class<E> type) {
    Map<String, E> choices = new TreeMap<>();
    for (E constant : type.getEnumConstants()) {
      choices.put(constant.name().toLowerCase(Locale.ROOT), constant);
    }
    String value = text(key, choices::containsKey, String.join(" or ", choices.keySet()));
    return choices.get(value);
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
          "%s has the unknown key %s, accepted are %s"
              .formatted(place, String.join(", ", unknown), String.join(", ", names)));
    }
  }
}
