package meridian.addresses;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.is;

import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpAddressTest {
  @ParameterizedTest
  @CsvSource({
    "203.0.113.7, 203.0.113.7",
    "203.0.113.7:4711, 203.0.113.7",
    "0.0.0.0, 0.0.0.0",
    "255.255.255.255:65535, 255.255.255.255",
    "2001:DB8::1, 2001:db8::1",
    "2001:db8:0:0:0:0:0:1, 2001:db8::1",
    "[2001:db8::1], 2001:db8::1",
    "[2001:db8::1]:443, 2001:db8::1",
    "[fe80::1%eth0]:443, fe80::1",
    "fe80::1%25eth0, fe80::1",
    "::, ::",
    "::1, ::1",
    "1::, 1::",
    "1:0:0:2:0:0:0:3, 1:0:0:2::3",
    "1:0:2:3:4:5:6:7, 1:0:2:3:4:5:6:7",
    "::ffff:203.0.113.7, 203.0.113.7",
    "[::ffff:203.0.113.7]:80, 203.0.113.7",
    "1:2:3:4:5:6:203.0.113.7, 1:2:3:4:5:6:cb00:7107",
  })
  void parsesToCanonicalText(String text, String canonical) {
    assertThat(IpAddress.parse(text), is(Optional.of(canonical)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "unknown",
        "localhost",
        "127.1",
        "1.2.3",
        "1.2.3.4.5",
        "010.0.0.1",
        "::ffff:010.0.0.1",
        "[::1.2.3.04]",
        "::1.2.3",
        "1.2.3.256",
        "0x7f.0.0.1",
        "1.2.3.4:port",
        "1.2.3.4:123456",
        "1.2.3.4 ",
        "\"1.2.3.4\"",
        "_hidden",
        "2001:db8::g",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "::1::",
        "[::1",
        "::1]:80",
        "[1.2.3.4]",
        "[::1]x",
        "for=1.2.3.4",
        "2130706433",
        "dead.beef",
        "0000000000000000000000000000000000000000000000000000000000000001.2.3.4"
      })
  void refusesAnythingElse(String text) {
    assertThat(IpAddress.parse(text), is(Optional.empty()));
  }
}
