package meridian;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.not;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;

/** Dependencies between the compiled packages, as the JDK's own tool reports them. */
class PackagesTest {
  private static final Pattern ARROW = Pattern.compile("^ +(\\S+) +-> (meridian\\S*) .*$");

  private static Map<String, Set<String>> uses(String... options) {
    StringWriter out = new StringWriter();
    String[] arguments = new String[options.length + 3];
    System.arraycopy(options, 0, arguments, 0, options.length);
    arguments[options.length] = "-filter:none";
    arguments[options.length + 1] = "--ignore-missing-deps";
    arguments[options.length + 2] = "target/classes";
    ToolProvider.findFirst("jdeps")
        .orElseThrow()
        .run(new PrintWriter(out), new PrintWriter(out), arguments);
    Map<String, Set<String>> uses = new TreeMap<>();
    out.toString()
        .lines()
        .map(ARROW::matcher)
        .filter(Matcher::matches)
        .filter(it -> !it.group(1).equals(it.group(2)))
        .forEach(it -> uses.computeIfAbsent(it.group(1), key -> new TreeSet<>()).add(it.group(2)));
    return uses;
  }

  @Test
  void packagesHaveNoCyclicDependencies() {
    Map<String, Set<String>> uses = uses("-verbose:package");
    assertThat(uses.toString(), uses.keySet(), is(not(empty())));

    Set<String> remaining = new TreeSet<>(uses.keySet());
    while (remaining.removeIf(it -> uses.get(it).stream().noneMatch(remaining::contains))) {
      // layer by layer, from the bottom
    }
    assertThat(uses.toString(), remaining, is(empty()));
  }

  @Test
  void fewTypesAreUsedAcrossPackages() {
    Set<String> crossing = new TreeSet<>();
    uses("-verbose:class")
        .forEach(
            (from, used) ->
                used.stream()
                    .filter(it -> !packageOf(it).equals(packageOf(from)))
                    .map(it -> it.replaceAll("\\$.*", ""))
                    .forEach(crossing::add));

    assertThat(crossing.toString(), crossing.size(), is(lessThan(17)));
  }

  private static String packageOf(String type) {
    return type.substring(0, type.lastIndexOf('.'));
  }
}
