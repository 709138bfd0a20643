package meridian;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.is;

import com.fasterxml.jackson.databind.JsonNode;
import io.helidon.common.media.type.MediaTypes;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webclient.api.ClientResponseTyped;
import io.helidon.webclient.http1.Http1Client;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.testing.junit5.ServerTest;
import io.helidon.webserver.testing.junit5.SetUpServer;
import io.helidon.webserver.testing.junit5.Socket;
import java.io.OutputStream;
import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;

/** The production set-up on Helidon's own test server and client: what each path is for. */
@ServerTest
class MainTest {
  private static final Health HEALTH = new Health();

  private final Http1Client http;
  private final Http1Client admin;

  MainTest(Http1Client http, @Socket(Server.ADMIN) Http1Client admin) {
    this.http = http;
    this.admin = admin;
  }

  @SetUpServer
  static void setUp(WebServerConfig.Builder server) {
    InstantSource clock = InstantSource.fixed(Instant.parse("2026-11-21T07:05:09.123456789Z"));
    LogWriter log = new LogWriter(clock, OutputStream.nullOutputStream());
    Main.setUp(server, TestSettings.with(), clock, HEALTH, log);
    HEALTH.started();
  }

  @Test
  void homeTellsTimeAndAddress() {
    ClientResponseTyped<String> response = http.get("/").request(String.class);

    assertThat(response.status(), is(Status.OK_200));
    assertThat(
        response.entity(),
        is("{\"timestamp\":\"2026-11-21T07:05:09.123456Z\",\"ip\":\"127.0.0.1\"}"));
    assertThat(response.headers().get(HeaderNames.CACHE_CONTROL).get(), is("no-store"));
    assertThat(response.headers().get(HeaderNames.create("Service-Version")).get(), is("1.0.0"));
  }

  @Test
  void nowTellsTheTime() {
    JsonNode answer = http.get("/now").requestEntity(JsonNode.class);

    assertThat(answer.size(), is(1));
    assertThat(answer.get("now").asText(), is("2026-11-21T07:05:09.123456Z"));
  }

  @Test
  void nowIsBareTextForWhoAsksForText() {
    ClientResponseTyped<String> response =
        http.get("/now").accept(MediaTypes.TEXT_PLAIN).request(String.class);

    assertThat(response.entity(), is("2026-11-21T07:05:09.123456Z"));
    assertThat(
        response.headers().contentType().orElseThrow().mediaType(), equalTo(MediaTypes.TEXT_PLAIN));
    assertThat(response.headers().get(HeaderNames.VARY).get(), is("Accept"));
  }

  @Test
  void documentIsServedAsStored() {
    ClientResponseTyped<String> response = http.get("/api/foo").request(String.class);

    assertThat(response.status(), is(Status.OK_200));
    assertThat(
        response.entity(),
        is("{\n  \"name\": \"foo\",\n  \"message\": \"Hello from your own document store\"\n}\n"));
  }

  @Test
  void helloIsAPage() {
    ClientResponseTyped<String> response = http.get("/hello").request(String.class);

    assertThat(
        response.headers().contentType().orElseThrow().mediaType(), equalTo(MediaTypes.TEXT_HTML));
    assertThat(
        response.entity(),
        allOf(
            containsString("<title>Hello World from BenchSci!</title>"),
            containsString("<h1>Hello World from BenchSci!</h1>")));
  }

  @Test
  void adminListenerHasHealthAndMetrics() {
    assertThat(admin.get("/live").requestEntity(String.class), is("{\"status\":\"UP\"}"));
    assertThat(admin.get("/started").requestEntity(String.class), is("{\"status\":\"UP\"}"));
    assertThat(admin.get("/ready").requestEntity(String.class), is("{\"status\":\"UP\"}"));
    assertThat(
        admin.get("/metrics").requestEntity(String.class),
        allOf(containsString("http_server_active_requests"), containsString("jvm_memory")));
  }

  @Test
  void publicListenerHasNeither() {
    for (String path : new String[] {"/live", "/started", "/ready", "/metrics"}) {
      assertThat(path, http.get(path).request(String.class).status(), is(Status.NOT_FOUND_404));
    }
  }
}
