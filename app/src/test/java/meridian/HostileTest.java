package meridian;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.startsWith;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that two servers may read differently, that never end, or that seek attention. */
class HostileTest {
  private static final String SECOND = "GET /now HTTP/1.1\r\nHost: a\r\n\r\n";
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 (\\d{3}) ");

  private static TestServer server;

  @BeforeAll
  static void start() {
    server = new TestServer("MERIDIAN_ACCESS_LOG", "off");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          a body                  | GET /hello    | Content-Length: 31                       | 200
          a body for HEAD         | HEAD /hello   | Content-Length: 31                       | 200
          a body for POST         | POST /hello   | Content-Length: 31                       | 405
          a body for no path      | GET /nowhere  | Content-Length: 31                       | 404
          a body that is awaited  | GET /hello    | Content-Length: 31,Expect: 100-continue  | 200
          awaited in other words  | POST /hello   | content-length: 31,EXPECT: 100-Continue  | 405
          chunks                  | GET /hello    | Transfer-Encoding: chunked               | 200
          chunks, awaited         | POST /hello   | Transfer-Encoding: chunked,Expect: 100-continue | 405
          chunks in capitals      | POST /hello   | TRANSFER-ENCODING:CHUNKED                | 405
          an upgrade with a body  | GET /hello    | Upgrade: h2c,Connection: Upgrade,Content-Length: 31 | 200
          an enormous body        | POST /hello   | Content-Length: 999999999999999999       | 405
          a length of 19 digits   | GET /hello    | Content-Length: 9999999999999999999      | 400
          a signed length         | GET /hello    | Content-Length: +31                      | 400
          a length in a list      | GET /hello    | Content-Length: 31\\, 31                 | 400
          an empty length         | GET /hello    | Content-Length:                          | 400
          equal lengths           | GET /hello    | Content-Length: 31,Content-Length: 31    | 400
          zero and more           | GET /hello    | Content-Length: 0,Content-Length: 31     | 400
          length and chunks       | GET /hello    | Content-Length: 31,Transfer-Encoding: chunked | 400
          chunks twice            | GET /hello    | Transfer-Encoding: chunked\\, chunked    | 400
          chunks in two fields    | GET /hello    | Transfer-Encoding: chunked,Transfer-Encoding: chunked | 400
          chunks not last         | GET /hello    | Transfer-Encoding: chunked\\, identity   | 400
          something like chunks   | GET /hello    | Transfer-Encoding: xchunked              | 400
          chunks with a tail      | GET /hello    | Transfer-Encoding: chunked;a=b           | 400
          an unknown coding       | GET /hello    | Transfer-Encoding: gzip                  | 400
          one more coding         | GET /hello    | Transfer-Encoding: gzip\\, chunked       | 501
          a blank before a colon  | GET /hello    | Content-Length : 31                      | 400
          a folded field          | GET /hello    | X: y, Content-Length: 31                 | 400
          no name                 | GET /hello    | : 31                                     | 400
          two hosts               | GET /hello    | Host: b                                  | 400
          close                   | GET /hello    | Connection: close                        | 200
          close in capitals       | GET /hello    | Connection: Close                        | 200
          close in a list         | GET /hello    | Connection: TE\\, close                  | 200
          close in another line   | GET /hello    | Connection: keep-alive,connection: close | 200
          """)
  void followingBytesAreNeverARequest(String claim, String start, String fields, int status)
      throws IOException {
    String header =
        (start + " HTTP/1.1,Host: a," + fields + ",,")
            .replaceAll("(?<!\\\\),", "\r\n")
            .replace("\\,", ",");

    String response = server.raw(header + SECOND + SECOND);
    assertThat(claim, statuses(response), is(List.of(Integer.toString(status))));
    assertThat(claim, response, containsString("Connection: close"));
    assertThat(claim, response, not(containsString("\"now\"")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          an empty line first      | \\r\\nGET /now HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n          | 200
          two of them              | \\r\\n\\r\\nGET /now HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n    | 200
          a newer version          | GET /now HTTP/1.2\\r\\nHost: a\\r\\n\\r\\n                 | 200
          an older version         | GET /now HTTP/1.0\\r\\n\\r\\n                              | 200
          no body                  | GET /now HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 0\\r\\n\\r\\n | 200
          no body awaited          | GET /now HTTP/1.1\\r\\nHost: a\\r\\nExpect: 100-continue\\r\\n\\r\\n | 200
          a whole URL              | GET http://a/now HTTP/1.1\\r\\nHost: b\\r\\n\\r\\n         | 200
          a whole URL in capitals  | GET HTTP://A:80/now?x HTTP/1.1\\r\\nHost: b\\r\\n\\r\\n    | 200
          a URL without path       | GET http://a HTTP/1.1\\r\\nHost: b\\r\\n\\r\\n             | 200
          another scheme           | GET ftp://a/now HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n          | 400
          somebody in the URL      | GET http://u:p@a/now HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n     | 400
          a fragment               | GET /now#x HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n               | 400
          a method in lower case   | get /now HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n                 | 405
          a tunnel                 | CONNECT a:443 HTTP/1.1\\r\\nHost: a:443\\r\\n\\r\\n        | 405
          the server's options     | OPTIONS * HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n                | 405
          an asterisk              | GET * HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n                    | 400
          HTTP/2's first words     | PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n                    | 505
          HTTP/0.9                 | GET /now\\r\\n                                             | 400
          a version of two digits  | GET /now HTTP/1.10\\r\\nHost: a\\r\\n\\r\\n                | 400
          a version in lower case  | GET /now http/1.1\\r\\nHost: a\\r\\n\\r\\n                 | 400
          two blanks               | GET  /now HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n                | 400
          a tab                    | GET\\t/now HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n               | 400
          a control character      | G\\001T /now HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n             | 400
          a bracket                | G(T /now HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n                 | 400
          an umlaut in the method  | G\\344T /now HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n             | 400
          an umlaut in the path    | GET /\\344 HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n               | 400
          a zero byte              | GET /now HTTP/1.1\\r\\nHost: a\\000\\r\\n\\r\\n            | 400
          DEL                      | GET /\\177 HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n               | 400
          LF alone                 | GET /now HTTP/1.1\\nHost: a\\n\\n                          | 400
          CR alone                 | GET /now HTTP/1.1\\rHost: a\\r\\n\\r\\n                    | 400
          CR CR LF                 | GET /now HTTP/1.1\\r\\r\\nHost: a\\r\\n\\r\\n              | 400
          a folded first field     | GET /now HTTP/1.1\\r\\n Host: a\\r\\n\\r\\n                | 400
          a header that is cut off | GET /now HTTP/1.1\\r\\nHost: a\\r\\nX-                     | 400
          a line that is cut off   | GET /n                                                     | 400
          TLS                      | \\026\\003\\001\\002\\000\\001                             | 400
          """)
  void responseFollowsTheStandard(String claim, String request, int status) throws IOException {
    String response = server.raw(request.translateEscapes());

    assertThat(claim, statuses(response), is(List.of(Integer.toString(status))));
    assertThat(claim, response.contains("\r\nAllow: GET, HEAD\r\n"), is(status == 405));
  }

  @Test
  void unusualMethodsAndFieldsAreAccepted() throws IOException {
    assertThat(
        server.raw("WHAT-IS.IT /now HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~: x\r\n\r\n"),
        startsWith("HTTP/1.1 405 "));
    assertThat(
        server.raw("GET /now HTTP/1.1\r\nhOST:a\r\nX:\r\nY: \t \r\nZ: \u00e4\r\n\r\n"),
        startsWith("HTTP/1.1 200 "));
  }

  /** The server keeps no more than a header's bytes, whatever and however much is sent. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /",
        "GET / HTTP/1.1\r\nHost: a\r\nX: ",
        "GET / HTTP/1.1\r\nHost: a\r\nX",
        "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999\r\n\r\n",
        ""
      })
  void endlessRequestIsCutOff(String start) throws IOException {
    long sent = 0;
    try (Socket client = server.connect()) {
      OutputStream out = client.getOutputStream();
      out.write(start.getBytes(ISO_8859_1));
      byte[] more = "0".repeat(1 << 16).getBytes(ISO_8859_1);
      while (sent < 200_000_000) {
        out.write(more);
        sent += more.length;
      }
    } catch (SocketException e) {
      // cut off
    }
    assertThat(sent, is(lessThan(20_000_000L)));
    assertThat(server.get("/now").statusCode(), is(200));
  }

  @Test
  void notModifiedHasNoContentLength() throws IOException {
    String response =
        server.raw("GET /api/foo HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n" + SECOND);

    assertThat(statuses(response), is(List.of("304", "200")));
    assertThat(
        response.substring(0, response.indexOf("\r\n\r\n")), not(containsString("Content-Length")));
  }

  /** Whatever bytes arrive, no response is a 5xx but 501 and 505, and the log has no complaint. */
  @Test
  void randomBytesCauseNoServerError() throws IOException {
    Random random = new Random(1);
    String[] parts = {
      "GET",
      "HEAD",
      "POST",
      "get",
      " ",
      "  ",
      "/",
      "/now",
      "/api/foo",
      "http://a/now",
      "*",
      "%",
      "%zz",
      "%00",
      "?",
      "?x=%",
      "#",
      "[",
      "\\",
      "HTTP/1.1",
      "HTTP/1.0",
      "HTTP/2.0",
      "\r\n",
      "\n",
      "\r",
      "\r\n\r\n",
      "Host",
      "Host: a",
      "Host: [::1",
      "Host: a:b",
      "Host: @",
      ":",
      ": ",
      "x",
      "Accept: ",
      "Accept: ;q=,\"\\",
      "a/b;q=1;\"",
      "If-None-Match: \"",
      "Connection: ",
      ",",
      ";",
      "close",
      "Content-Length: ",
      "0",
      "1",
      "-1",
      "99999999999999999999",
      "Expect: 100-continue",
      "Transfer-Encoding: chunked",
      "Cookie: a=\"",
      "Content-Type: x",
      "Content-Encoding: gzip",
      "traceparent: ",
      "X-Forwarded-For: ",
      "Upgrade: websocket",
      "\u0000",
      "\u007f",
      "\u00ff",
      "\t",
      "\"",
      "User-Agent: \u00e4",
      "TE: trailers",
      "Range: bytes=0-",
      "Trailer: x"
    };
    try (TestServer noted = new TestServer()) {
      int answered = 0;
      for (int i = 0; i < 4000; i++) {
        StringBuilder request = new StringBuilder();
        if (random.nextInt(4) > 0) {
          request.append("GET /now HTTP/1.1\r\nHost: a\r\n");
        }
        for (int n = random.nextInt(12); n >= 0; n--) {
          request.append(parts[random.nextInt(parts.length)]);
        }
        request.append(random.nextBoolean() ? "\r\n\r\n" : "");
        for (String status : statuses(noted.raw(request.toString()))) {
          answered++;
          assertThat(request.toString(), status.matches("[2-4]..|50[15]"), is(true));
        }
      }
      for (JsonNode line : noted.log(answered)) {
        assertThat(line.toString(), line.get("severity").asText(), is("INFO"));
      }
    }
  }

  @Test
  void clientThatDisconnectsCausesNoError() throws IOException, InterruptedException {
    try (TestServer noted = new TestServer()) {
      for (int i = 0; i < 50; i++) {
        try (Socket client = noted.connect()) {
          client.setSoLinger(true, 0); // a reset
          client
              .getOutputStream()
              .write("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n".repeat(50).getBytes(ISO_8859_1));
        }
      }
      Thread.sleep(300);
      noted.get("/now");
      for (JsonNode line : noted.log(1)) {
        assertThat(line.toString(), line.get("severity").asText(), is("INFO"));
      }
    }
  }

  @Test
  void adminPortIsEquallyStrict() throws IOException {
    try (Socket client = server.connectAdmin()) {
      client
          .getOutputStream()
          .write(
              ("GET /live HTTP/1.1\r\nHost: a\r\nContent-Length: 31\r\nExpect: 100-continue\r\n\r\n"
                      + SECOND)
                  .getBytes(ISO_8859_1));
      assertThat(statuses(rest(client)), is(List.of("200")));
    }
  }

  static List<String> statuses(String responses) {
    return STATUS.matcher(responses).results().map(it -> it.group(1)).toList();
  }

  private static String rest(Socket client) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      InputStream in = client.getInputStream();
      in.transferTo(out);
    } catch (SocketException | SocketTimeoutException e) {
      // use what has arrived
    }
    return out.toString(ISO_8859_1);
  }
}
