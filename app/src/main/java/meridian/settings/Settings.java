package meridian.settings;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import meridian.addresses.ClientAddress;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * The service's settings, checked once at the start. {@code application.yaml} documents each key,
 * its unit and its range.
 */
public record Settings(
    int port,
    int adminPort,
    Home home,
    String greeting,
    String version,
    ClientAddress clientAddress,
    int maxConnections,
    Duration requestTimeout,
    Duration idleTimeout,
    Duration drainDelay,
    AccessLog accessLog,
    DocumentSettings documents) {

  /** What {@code /} shows. */
  public enum Home {
    TIME,
    HELLO
  }

  /** Which requests are logged. */
  public enum AccessLog {
    ALL,
    ERRORS,
    OFF
  }

  private static final Set<String> KEYS =
      Set.of(
          "port",
          "admin-port",
          "home",
          "greeting",
          "version",
          "client-address",
          "max-connections",
          "request-timeout",
          "idle-timeout",
          "drain-delay",
          "access-log",
          "documents.location",
          "documents.endpoint",
          "documents.max-bytes",
          "documents.timeout",
          "documents.cache",
          "documents.wait");

  /**
   * Reads {@code application.yaml} from the class path; the given environment overrides it.
   *
   * @throws SettingsException if a key is unknown or a value is not accepted
   */
  public static Settings load(Map<String, String> environment) {
    try (InputStream file = Settings.class.getResourceAsStream("/application.yaml")) {
      Map<String, String> values = new TreeMap<>();
      flatten("", new Yaml(new SafeConstructor(new LoaderOptions())).load(file), values);
      return read(values, environment);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Flattens nested maps into dotted keys. */
  private static void flatten(String prefix, Map<?, ?> tree, Map<String, String> into) {
    tree.forEach(
        (key, value) -> {
          if (value instanceof Map<?, ?> map) {
            flatten(prefix + key + ".", map, into);
          } else {
            into.put(prefix + key, String.valueOf(value));
          }
        });
  }

  static Settings read(Map<String, String> file, Map<String, String> environment) {
    SettingsReader reader = new SettingsReader(KEYS, file, environment);
    String endpoint =
        reader.parsed(
            "documents.endpoint",
            DocumentSettings::endpoint,
            "an http or https address, or nothing");
    Duration requestTimeout = reader.duration("request-timeout", "1s", "5m");
    Settings settings =
        new Settings(
            reader.integer("port", 0, 65535),
            reader.integer("admin-port", 0, 65535),
            reader.choice("home", Home.class),
            reader.text(
                "greeting",
                text -> !text.isBlank() && text.codePointCount(0, text.length()) <= 200,
                "a text of 1 to 200 characters"),
            // It becomes a header value, so it is limited to what a header may contain.
            reader.text(
                "version",
                text -> text.matches("[A-Za-z0-9._:@+-]{1,100}"),
                "1 to 100 letters, digits or any of . _ : @ + -"),
            reader.parsed("client-address", ClientAddress::parse, ClientAddress.WHAT_IS_ACCEPTED),
            reader.integer("max-connections", 10, 100_000),
            requestTimeout,
            reader.duration("idle-timeout", "5s", "24h"),
            reader.duration("drain-delay", "0s", "10m"),
            reader.choice("access-log", AccessLog.class),
            new DocumentSettings(
                reader.parsed(
                    "documents.location",
                    text -> DocumentSettings.location(text, endpoint),
                    DocumentSettings.WHAT_IS_ACCEPTED),
                reader.integer("documents.max-bytes", 1, 16 << 20),
                withResponse(reader.duration("documents.timeout", "100ms", "30s"), requestTimeout),
                reader.duration("documents.cache", "0s", "1h"),
                reader.duration("documents.wait", "0s", "5m")));
    if (settings.port == settings.adminPort && settings.port != 0) {
      throw reader.refusal("admin-port", "another port than the public one");
    }
    return settings;
  }

  /** Leaves time to report that a document is late, before the connection is closed. */
  private static Duration withResponse(Duration document, Duration request) {
    Duration longest = request.multipliedBy(9).dividedBy(10);
    return document.compareTo(longest) < 0 ? document : longest;
  }
}
