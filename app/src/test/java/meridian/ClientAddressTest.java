package meridian;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The address in the response, for headers as proxies pass them on or as clients forge them. */
class ClientAddressTest {
  private static final String FALLBACKS = "meridian_client_address_fallbacks_total";

  @Test
  void peerIgnoresAllHeaders() throws IOException {
    try (TestServer server = new TestServer("MERIDIAN_ACCESS_LOG", "off")) {
      assertThat(ip(server, "X-Forwarded-For: 203.0.113.7\r\n"), is("127.0.0.1"));
      assertThat(ip(server, "Forwarded: for=203.0.113.7\r\n"), is("127.0.0.1"));
      assertThat(server.metric(FALLBACKS), is(0.0));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          as the proxy wrote it        | 203.0.113.7                                | 203.0.113.7
          forged entry to the left     | 1.2.3.4, 203.0.113.7                       | 203.0.113.7
          no space behind the comma    | 1.2.3.4,203.0.113.7                        | 203.0.113.7
          two lines                    | 1.2.3.4\\r\\nX-Forwarded-For: 203.0.113.7  | 203.0.113.7
          lines in another case        | 1.2.3.4\\r\\nx-forwarded-FOR: 203.0.113.7  | 203.0.113.7
          a quote left open            | "evil, 203.0.113.7                         | 203.0.113.7
          a quoted string              | "1.2.3.4, 5.6.7.8", 203.0.113.7            | 203.0.113.7
          empty entries                | ,,203.0.113.7                              | 203.0.113.7
          with a port                  | 1.2.3.4, 203.0.113.7:61234                 | 203.0.113.7
          IPv6 with a port             | 1.2.3.4, [2001:DB8::7]:61234               | 2001:db8::7
          bare IPv6                    | 2001:db8:0:0:0:0:0:7                       | 2001:db8::7
          Forwarded beside it          | 203.0.113.7\\r\\nForwarded: for=9.9.9.9    | 203.0.113.7
          """)
  void lastEntryOfForwardedFor(String claim, String value, String address) throws IOException {
    try (TestServer server =
        new TestServer(
            "MERIDIAN_CLIENT_ADDRESS", "x-forwarded-for:1", "MERIDIAN_ACCESS_LOG", "off")) {
      String lines = "X-Forwarded-For: " + value.replace("\\r\\n", "\r\n") + "\r\n";
      assertThat(claim, ip(server, lines), is(address));
      assertThat(server.metric(FALLBACKS), is(0.0));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          absent          |
          a name          | X-Forwarded-For: client.example
          shorthand       | X-Forwarded-For: 1.2.3.4, 127.1
          trailing comma  | X-Forwarded-For: 1.2.3.4,
          overlong        | X-Forwarded-For: 1.2.3.4, 00000000000000000000000000000000000000000000000000000000000000001.2.3.4
          a quoted one    | X-Forwarded-For: 1.2.3.4, "5.6.7.8"
          """)
  void invalidEntryFallsBackToThePeer(String claim, String line) throws IOException {
    try (TestServer server =
        new TestServer(
            "MERIDIAN_CLIENT_ADDRESS", "x-forwarded-for:1", "MERIDIAN_ACCESS_LOG", "off")) {
      assertThat(claim, ip(server, line == null ? "" : line + "\r\n"), is("127.0.0.1"));
      assertThat(server.metric(FALLBACKS), is(1.0));
    }
  }

  @ParameterizedTest
  @CsvSource({"/, all", "/now, all", "/, errors", "/now, errors", "/nowhere, off"})
  void fallbackCountsOncePerRequestOnAnyPathAndLogLevel(String path, String level)
      throws IOException {
    try (TestServer server =
        new TestServer(
            "MERIDIAN_CLIENT_ADDRESS", "x-forwarded-for:1", "MERIDIAN_ACCESS_LOG", level)) {
      server.raw("GET " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      assertThat(server.metric(FALLBACKS), is(1.0));
    }
  }

  @Test
  void secondFromTheRightIfTwoProxiesAreTrusted() throws IOException {
    try (TestServer server =
        new TestServer(
            "MERIDIAN_CLIENT_ADDRESS", "x-forwarded-for:2", "MERIDIAN_ACCESS_LOG", "off")) {
      assertThat(
          ip(server, "X-Forwarded-For: 1.2.3.4,203.0.113.7,35.191.0.1\r\n"), is("203.0.113.7"));
      assertThat("fewer than two", ip(server, "X-Forwarded-For: 1.2.3.4\r\n"), is("127.0.0.1"));
      assertThat(server.metric(FALLBACKS), is(1.0));
    }
  }

  @Test
  void headerOfTheLoadBalancerIsUsed() throws IOException {
    try (TestServer server =
        new TestServer(
            "MERIDIAN_CLIENT_ADDRESS", "header:x-client-address", "MERIDIAN_ACCESS_LOG", "off")) {
      assertThat(
          ip(server, "X-Client-Address: 203.0.113.7\r\nX-Forwarded-For: 1.2.3.4\r\n"),
          is("203.0.113.7"));
      assertThat(ip(server, "X-Client-Address: [2001:db8::7]:1\r\n"), is("2001:db8::7"));
      assertThat(
          "doubled: one of them is not the load balancer's",
          ip(server, "X-Client-Address: 1.2.3.4\r\nX-Client-Address: 203.0.113.7\r\n"),
          is("127.0.0.1"));
      assertThat("a list", ip(server, "X-Client-Address: 1.2.3.4, 5.6.7.8\r\n"), is("127.0.0.1"));
      assertThat(server.metric(FALLBACKS), is(2.0));
    }
  }

  private static String ip(TestServer server, String headerLines) throws IOException {
    String response =
        server.raw("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + headerLines + "\r\n");
    assertThat(response, containsString("200 OK"));
    return response.substring(response.indexOf("\"ip\":\"") + 6, response.lastIndexOf('"'));
  }
}
