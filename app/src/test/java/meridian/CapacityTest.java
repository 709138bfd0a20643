package meridian;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;

import meridian.settings.Settings;
import meridian.settings.SettingsException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What fits into the image's 96 MiB heap, less the survivor space that the JVM keeps. */
class CapacityTest {
  private static final long MIB = 1 << 20;
  private static final long HEAP = 95_000L << 10;

  @Test
  void defaultsFitTheSmallestContainer() {
    Settings settings = TestSettings.with();

    for (long memory : new long[] {256 * MIB, 512 * MIB, Long.MAX_VALUE}) {
      assertDoesNotThrow(() -> new Capacity(HEAP, memory, 1024).check(settings));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "MERIDIAN_MAX_CONNECTIONS, 12000, MiB of heap",
    "MERIDIAN_DOCUMENTS_MAX_BYTES, 16777216, MiB of heap",
    "MERIDIAN_MAX_CONNECTIONS, 800, MiB of heap",
  })
  void exceedingTheHeapIsRefusedWithTheNumbers(String variable, String value, String what) {
    assertRefused(new Capacity(HEAP, Long.MAX_VALUE, 65_535), variable, value, what);
  }

  @Test
  void exceedingTheContainerIsRefused() {
    assertRefused(
        new Capacity(HEAP, 160 * MIB, 65_535), "MERIDIAN_MAX_CONNECTIONS", "500", "MiB of memory");
  }

  @Test
  void moreConnectionsThanDescriptorsAreRefused() {
    assertRefused(
        new Capacity(8L << 30, Long.MAX_VALUE, 1024),
        "MERIDIAN_MAX_CONNECTIONS",
        "1000",
        "1150 open files, but there are only 1024");
  }

  private static void assertRefused(Capacity capacity, String variable, String value, String what) {
    Settings settings = TestSettings.with(variable, value);
    assertThat(
        assertThrows(SettingsException.class, () -> capacity.check(settings)).getMessage(),
        allOf(containsString(what), containsString(value), containsString("lower MERIDIAN_")));
  }
}
