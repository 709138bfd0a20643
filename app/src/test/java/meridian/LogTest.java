package meridian;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.nullValue;
import static org.hamcrest.Matchers.startsWith;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import meridian.logs.LogWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogTest {
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

  @Test
  void accessLineDescribesTheRequest() {
    try (TestServer server = new TestServer()) {
      server.get(
          "/api/foo?x=1",
          "User-Agent",
          "probe/1",
          "traceparent",
          "00-" + TRACE + "-00f067aa0ba902b7-01");

      JsonNode line = server.log(1).getLast();
      assertThat(line.get("time").asText(), is("2026-11-21T07:05:09.123456Z"));
      assertThat(line.get("severity").asText(), is("INFO"));
      assertThat(line.get("message").asText(), is("request"));
      assertThat(line.get("method").asText(), is("GET"));
      assertThat(line.get("path").asText(), is("/api/foo"));
      assertThat(line.get("route").asText(), is("/api/{name}"));
      assertThat(line.get("status").asInt(), is(200));
      assertThat(line.get("duration_ms").asDouble(), is(greaterThan(0.0)));
      assertThat(line.get("client_address").asText(), is("127.0.0.1"));
      assertThat(line.get("trace_id").asText(), is(TRACE));
      assertThat(line.get("user_agent").asText(), is("probe/1"));
    }
  }

  @Test
  void refusalsAreLoggedWithTheStatusThatWasSent() throws IOException {
    try (TestServer server = new TestServer()) {
      server.get("/nowhere");
      assertThat(server.log(1).getLast().get("status").asInt(), is(404));
      assertThat(server.log(1).getLast().get("route").asText(), is(""));

      server.raw("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n");
      assertThat(server.log(2).getLast().get("status").asInt(), is(400));

      server.raw("nonsense\r\n\r\n");
      assertThat(server.log(3).getLast().get("message").asText(), is("request refused"));
      assertThat(server.log(3).getLast().get("status").asInt(), is(400));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-" + TRACE + "-0000000000000000-01",
        "ff-" + TRACE + "-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "nonsense"
      })
  void invalidTraceIsOmitted(String traceparent) {
    try (TestServer server = new TestServer()) {
      server.get("/", "traceparent", traceparent);
      assertThat(server.log(1).getLast().get("trace_id"), is(nullValue()));
    }
  }

  @Test
  void hostileTextCannotForgeFieldsOrLines() throws IOException {
    String hostile = "\\\",\"severity\":\"ERROR\\\",\"status\":\"200\",\"x\":\"\\u001b[31m\\\\\"";
    try (TestServer server = new TestServer()) {
      server.raw(
          "GET /a%0a%22,%22status%22:200 HTTP/1.1\r\nHost: a\r\nUser-Agent: "
              + hostile
              + "\r\nConnection: close\r\n\r\n");
      System.getLogger("test").log(System.Logger.Level.INFO, "\"}\n{\"severity\":\"ERROR\"}\\");

      List<JsonNode> lines = server.log(2);
      assertThat(lines.size(), is(2));
      assertThat(lines.get(0).get("user_agent").asText(), is(hostile));
      assertThat(lines.get(0).get("severity").asText(), is("INFO"));
      assertThat(lines.get(0).get("status").asInt(), is(404));
      assertThat(lines.get(1).get("message").asText(), containsString("{\"severity\":\"ERROR\"}"));
      assertThat(lines.get(1).get("severity").asText(), is("INFO"));
    }
  }

  @Test
  void textOfAllLanguagesIsKeptAndControlCharactersAreEscaped() throws IOException {
    String agent = "Größe \u65e5\u672c \ud83d\ude00";
    String controls = "\u007f\u0085\u009b1m\u202e";
    try (TestServer server = new TestServer()) {
      server.raw(utf8("GET /now HTTP/1.1\r\nHost: a\r\nUser-Agent: " + agent + "\r\n\r\n"));
      server.raw(utf8("GET /now HTTP/1.1\r\nHost: a\r\nUser-Agent: x" + "\u009b1m\r\n\r\n"));
      server.raw(utf8("GET /" + agent.strip().replace(' ', '_') + " HTTP/1.1\r\nHost: a\r\n\r\n"));
      server.raw("GET /\177 HTTP/1.1\r\nHost: a\r\n\r\n");
      System.getLogger("test").log(System.Logger.Level.INFO, controls);

      List<JsonNode> lines = server.log(5);
      assertThat(lines.get(0).get("user_agent").asText(), is(agent));
      assertThat(lines.get(1).get("user_agent").asText(), is("x\u009b1m"));
      assertThat(lines.get(2).get("path").asText(), is("/" + agent.replace(' ', '_')));
      assertThat(lines.get(3).get("path").asText(), is("/\177"));
      assertThat(lines.get(4).get("message").asText(), is(controls));
      assertThat(
          "escaped as written",
          server.rawLog().chars().filter(c -> Character.isISOControl(c) && c != '\n').count(),
          is(0L));
    }
  }

  /** Encodes UTF-8 for {@link TestServer#raw}, which sends each character as one byte. */
  private static String utf8(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }

  @Test
  void longTextIsNotCutInTheMiddleOfACharacter() throws IOException {
    try (TestServer server = new TestServer()) {
      for (String before : new String[] {"", "x"}) {
        server.raw(
            utf8(
                "GET /now HTTP/1.1\r\nHost: a\r\nUser-Agent: "
                    + before
                    + "\ud83d\ude00".repeat(300)
                    + "\r\n\r\n"));
      }
      for (JsonNode line : server.log(2)) {
        assertThat(
            line.get("user_agent").asText().replaceAll("^x", ""), startsWith("\ud83d\ude00"));
      }
      assertThat(server.log(2).size(), is(2));
      assertThat(server.metric("meridian_log_lines_dropped_total"), is(0.0));
    }
  }

  @Test
  void stackTracesAreOneField() {
    try (TestServer server = new TestServer()) {
      System.getLogger("test")
          .log(System.Logger.Level.ERROR, "broken", new IllegalStateException("so\nit is"));

      JsonNode line = server.log(1).getLast();
      assertThat(line.get("severity").asText(), is("ERROR"));
      assertThat(
          line.get("stack_trace").asText(), containsString("IllegalStateException: so\nit is"));
    }
  }

  @Test
  void levelDecidesWhichRequestsAreLogged() throws IOException {
    try (TestServer errors = new TestServer("MERIDIAN_ACCESS_LOG", "errors")) {
      errors.get("/");
      errors.get("/nowhere");
      System.getLogger("test").log(System.Logger.Level.INFO, "mark");
      assertThat(errors.log(1).getFirst().get("message").asText(), is("mark"));
    }
    try (TestServer off = new TestServer("MERIDIAN_ACCESS_LOG", "off")) {
      off.raw("nonsense\r\n\r\n");
      System.getLogger("test").log(System.Logger.Level.INFO, "mark");
      assertThat(off.log(1).getFirst().get("message").asText(), is("mark"));
    }
  }

  @Test
  void stalledOutputDropsLinesWithoutDelay() throws InterruptedException {
    CountDownLatch never = new CountDownLatch(1);
    OutputStream stalled =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            try {
              never.await();
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
          }
        };
    LogWriter log = new LogWriter(InstantSource.system(), stalled);
    long start = System.nanoTime();
    for (int i = 0; i < 5000; i++) {
      log.write("INFO", "x".repeat(1000), line -> {});
    }
    log.flush(100);

    assertThat((System.nanoTime() - start) / 1_000_000_000, is(lessThan(10L)));
    assertThat(log.dropped(), is(greaterThan(1000L)));
    never.countDown();
  }

  @Test
  void fullDiskDropsLinesButLaterOnesAreWritten() throws InterruptedException {
    ByteArrayOutputStream disk = new ByteArrayOutputStream();
    OutputStream full =
        new OutputStream() {
          private int attempts;

          @Override
          public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
          }

          @Override
          public void write(byte[] bytes, int offset, int length) throws IOException {
            if (attempts++ == 0) {
              throw new IOException("No space left on device");
            }
            disk.write(bytes, offset, length);
          }
        };
    LogWriter log = new LogWriter(InstantSource.system(), full);
    log.write("INFO", "lost", line -> {});
    log.flush(5000);
    log.write("INFO", "kept", line -> {});
    log.flush(5000);

    assertThat(disk.toString(StandardCharsets.UTF_8), containsString("kept"));
    assertThat(log.dropped(), is(1L));
  }
}
