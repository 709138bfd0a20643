package meridian;

import java.util.Map;
import java.util.TreeMap;
import meridian.settings.Settings;

/** The defaults on free ports, overridden by a test's environment. */
final class TestSettings {
  private TestSettings() {}

  static Settings with(Map<String, String> environment) {
    Map<String, String> all = new TreeMap<>(environment);
    all.putIfAbsent("PORT", "0");
    all.putIfAbsent("MERIDIAN_ADMIN_PORT", "0");
    return Settings.load(all);
  }

  static Settings with(String... environment) {
    Map<String, String> all = new TreeMap<>();
    for (int i = 0; i < environment.length; i += 2) {
      all.put(environment[i], environment[i + 1]);
    }
    return with(all);
  }
}
