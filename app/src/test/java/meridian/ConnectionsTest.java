package meridian;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.startsWith;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clients that stall, on connections of their own. The timeout is one second, to keep waits short.
 */
class ConnectionsTest {
  private static final String STALLED = "meridian_connections_cut_total{reason=\"stalled\"}";
  private static final String CROWDED = "meridian_connections_cut_total{reason=\"crowded\"}";
  private static final String GET = "GET /now HTTP/1.1\r\nHost: a\r\n\r\n";

  private static TestServer impatientServer(String... more) {
    List<String> environment = new ArrayList<>(List.of(more));
    environment.addAll(List.of("MERIDIAN_REQUEST_TIMEOUT", "1s", "MERIDIAN_ACCESS_LOG", "off"));
    return new TestServer(environment.toArray(String[]::new));
  }

  @Test
  void silentConnectionIsCut() throws IOException {
    try (TestServer server = impatientServer();
        Socket client = server.connect()) {
      assertThat(endsAfterMillis(client), is(greaterThan(900L)));
      assertThat(server.metric(STALLED), is(1.0));
    }
  }

  @Test
  void newConnectionIsStillServedWhenTheServerStops() throws IOException, InterruptedException {
    String response;
    long millis;
    int attempts = 0;
    do { // retry if this machine was so busy that the second for new connections was over
      TestServer server = new TestServer();
      try (Socket keptAlive = server.connect();
          Socket silent = server.connect()) {
        send(keptAlive, GET);
        assertThat(keptAlive.getInputStream().read(), is((int) 'H'));
        server.health.draining();
        long start = System.nanoTime();
        Thread stop = Thread.ofPlatform().start(server::close);
        keptAlive.getInputStream().readAllBytes(); // ends when the server stops
        send(silent, GET);
        millis = (System.nanoTime() - start) / 1_000_000;
        response = new String(silent.getInputStream().readAllBytes(), US_ASCII);
        stop.join();
      }
    } while (millis > 500 && attempts++ < 20);
    assertThat(response, startsWith("HTTP/1.1 200 "));
  }

  @Test
  void stalledHeaderIsCut() throws IOException {
    for (String part :
        new String[] {"G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX-"}) {
      try (TestServer server = impatientServer();
          Socket client = server.connect()) {
        send(client, part);
        assertThat(part, endsAfterMillis(client), is(lessThan(4000L)));
        assertThat(part, server.metric(STALLED), is(1.0));
      }
    }
  }

  @Test
  void headerThatTricklesIsCut() throws IOException, InterruptedException {
    try (TestServer server = impatientServer();
        Socket client = server.connect()) {
      send(client, "GET / HTTP/1.1\r\n");
      int sent = 0;
      try {
        while (sent < 100) {
          send(client, "X-" + sent++ + ": y\r\n");
          Thread.sleep(100);
        }
      } catch (SocketException e) {
        // cut, as expected
      }
      assertThat(sent, is(lessThan(60)));
      assertThat(server.metric(STALLED), is(1.0));
    }
  }

  @Test
  void stalledBodyIsCut() throws IOException {
    try (TestServer server = impatientServer();
        Socket client = server.connect()) {
      send(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
      assertThat(endsAfterMillis(client), is(lessThan(4000L)));
    }
  }

  @Test
  void clientThatDoesNotReadIsCut(@TempDir Path folder) throws IOException, InterruptedException {
    // Larger than all buffers between client and server.
    Files.writeString(folder.resolve("large.json"), "{\"x\":\"" + "y".repeat(12 << 20) + "\"}");
    try (TestServer server =
            impatientServer(
                "MERIDIAN_DOCUMENTS_LOCATION",
                folder.toString(),
                "MERIDIAN_DOCUMENTS_MAX_BYTES",
                "16777216");
        Socket client = server.connect()) {
      send(client, "GET /api/large HTTP/1.1\r\nHost: a\r\n\r\n");
      Thread.sleep(3500);
      assertThat(server.metric(STALLED), is(1.0));
    }
  }

  @Test
  void connectionBetweenRequestsIsKept() throws IOException, InterruptedException {
    try (TestServer server = impatientServer();
        Socket client = server.connect()) {
      for (int i = 0; i < 3; i++) {
        send(client, GET);
        assertThat(read(client), startsWith("HTTP/1.1 200 "));
        Thread.sleep(1600);
      }
      assertThat(server.metric(STALLED), is(0.0));
    }
  }

  @Test
  void pipelinedRequestsAreAnsweredInOrder() throws IOException {
    try (TestServer server = impatientServer()) {
      String responses =
          server.raw(
              GET.repeat(50) + "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      assertThat(responses.split("\"now\"", -1).length - 1, is(50));
      assertThat(responses, containsString("<h1>"));
    }
  }

  @Test
  void idleConnectionsAreClosedWhenTheLimitIsReached() throws IOException, InterruptedException {
    List<Socket> idle = new ArrayList<>();
    try (TestServer server =
        new TestServer("MERIDIAN_MAX_CONNECTIONS", "20", "MERIDIAN_ACCESS_LOG", "off")) {
      // More than the limit: without the guard the last ones would wait 15 minutes.
      for (int i = 0; i < 30; i++) {
        Socket client = server.connect();
        idle.add(client);
        send(client, GET);
        assertThat("connection " + i, read(client), startsWith("HTTP/1.1 200 "));
      }
      assertThat(server.metric(CROWDED), is(greaterThan(9.0)));
    } finally {
      for (Socket client : idle) {
        client.close();
      }
    }
  }

  /** Silent clients, half a request, responses that nobody reads: the newest client is served. */
  @Test
  void connectionsThatWaitLongestAreClosedFirst(@TempDir Path folder) throws IOException {
    Files.writeString(folder.resolve("large.json"), "{\"x\":\"" + "y".repeat(1 << 20) + "\"}");
    String[] starts = {
      "", "GET / HTTP/1.1\r\nHo", "GET /api/large HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n", GET
    };
    List<Socket> hostile = new ArrayList<>();
    try (TestServer server =
        new TestServer(
            "MERIDIAN_MAX_CONNECTIONS",
            "20",
            "MERIDIAN_ACCESS_LOG",
            "off",
            "MERIDIAN_DOCUMENTS_LOCATION",
            folder.toString(),
            "MERIDIAN_DOCUMENTS_MAX_BYTES",
            "2000000")) {
      for (int i = 0; i < 100; i++) {
        Socket client = server.connect();
        client.setReceiveBufferSize(4096);
        hostile.add(client);
        send(client, starts[i % starts.length]);
        long start = System.nanoTime();
        try (Socket honest = server.connect()) {
          send(honest, GET);
          assertThat("client " + i, read(honest), startsWith("HTTP/1.1 200 "));
        }
        assertThat((System.nanoTime() - start) / 1_000_000, is(lessThan(5000L)));
      }
      assertThat(server.metric(CROWDED), is(greaterThan(50.0)));
    } finally {
      for (Socket client : hostile) {
        client.close();
      }
    }
  }

  private static void send(Socket client, String text) throws IOException {
    OutputStream out = client.getOutputStream();
    out.write(text.getBytes(US_ASCII));
    out.flush();
  }

  private static String read(Socket client) throws IOException {
    byte[] buffer = new byte[8192];
    int length = client.getInputStream().read(buffer);
    return length < 0 ? "" : new String(buffer, 0, length, US_ASCII);
  }

  /** Returns after how many milliseconds the server closes; a reset counts as a close. */
  private static long endsAfterMillis(Socket client) throws IOException {
    long start = System.nanoTime();
    try {
      while (client.getInputStream().read() >= 0) {
        // until the end
      }
    } catch (SocketException e) {
      // reset
    }
    return (System.nanoTime() - start) / 1_000_000;
  }
}
