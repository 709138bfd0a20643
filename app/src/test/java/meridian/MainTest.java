package meridian;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.startsWith;

import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The production setup: what each path is for. */
class MainTest {
  private static TestServer server;

  @BeforeAll
  static void start() {
    server = new TestServer();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void homeReturnsTimeAndAddress() {
    HttpResponse<String> response = server.get("/");

    assertThat(response.statusCode(), is(200));
    assertThat(
        response.body(),
        is("{\"timestamp\":\"2026-11-21T07:05:09.123456Z\",\"ip\":\"127.0.0.1\"}"));
    assertThat(header(response, "cache-control"), is("no-store"));
    assertThat(header(response, "service-version"), is("1.0.0"));
  }

  @Test
  void nowReturnsTheTime() {
    assertThat(server.get("/now").body(), is("{\"now\":\"2026-11-21T07:05:09.123456Z\"}"));
  }

  @Test
  void nowIsBareTextIfTextIsRequested() {
    HttpResponse<String> response = server.get("/now", "Accept", "text/plain");

    assertThat(response.body(), is("2026-11-21T07:05:09.123456Z"));
    assertThat(header(response, "content-type"), startsWith("text/plain"));
    assertThat(header(response, "vary"), is("Accept"));
  }

  @Test
  void documentIsServedAsStored() {
    HttpResponse<String> response = server.get("/api/foo");

    assertThat(response.statusCode(), is(200));
    assertThat(
        response.body(),
        is("{\n  \"name\": \"foo\",\n  \"message\": \"Hello from your own document store\"\n}\n"));
  }

  @Test
  void helloIsAPage() {
    HttpResponse<String> response = server.get("/hello");

    assertThat(header(response, "content-type"), startsWith("text/html"));
    assertThat(
        response.body(),
        allOf(
            containsString("<title>Hello World from BenchSci!</title>"),
            containsString("<h1>Hello World from BenchSci!</h1>")));
  }

  @Test
  void adminListenerHasHealthAndMetrics() {
    for (String path : new String[] {"/live", "/started", "/ready"}) {
      assertThat(path, server.admin(path).body(), is("{\"status\":\"UP\"}"));
    }
    assertThat(
        server.admin("/metrics").body(),
        allOf(containsString("http_server_active_requests"), containsString("jvm_memory")));
  }

  /** As sent by a Prometheus that wants native histograms, with text last. */
  @Test
  void metricsAreTextEvenIfProtobufIsPreferred() {
    String protobuf =
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

    assertThat(
        header(
            server.admin("GET", "/metrics", "Accept", protobuf + ";q=0.6,*/*;q=0.1"),
            "content-type"),
        startsWith("text/plain; version=0.0.4"));
    assertThat(
        header(
            server.admin(
                "GET",
                "/metrics",
                "Accept",
                protobuf + ",application/openmetrics-text;version=1.0.0"),
            "content-type"),
        startsWith("application/openmetrics-text"));
  }

  @Test
  void adminListenerSupportsHeadAndRefusesOtherMethods() {
    for (String path : new String[] {"/live", "/started", "/ready", "/metrics"}) {
      HttpResponse<String> head = server.admin("HEAD", path);
      assertThat(path, head.statusCode(), is(200));
      assertThat(path, head.body(), is(""));
      HttpResponse<String> post = server.admin("POST", path);
      assertThat(path, post.statusCode(), is(405));
      assertThat(path, header(post, "allow"), is("GET, HEAD"));
    }
  }

  @Test
  void publicListenerHasNoHealthOrMetrics() {
    for (String path : new String[] {"/live", "/started", "/ready", "/metrics"}) {
      assertThat(path, server.get(path).statusCode(), is(404));
    }
  }

  private static String header(HttpResponse<String> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }
}
