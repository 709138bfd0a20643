package meridian.settings;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.is;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.helidon.http.HeaderNames;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import meridian.addresses.ClientAddress;
import meridian.settings.DocumentSettings.Location;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
  @Test
  void defaultsComeFromTheFile() {
    Settings settings = Settings.load(Map.of());

    assertThat(settings.port(), is(8080));
    assertThat(settings.adminPort(), is(8081));
    assertThat(settings.home(), is(Settings.Home.TIME));
    assertThat(settings.greeting(), is("Hello World from BenchSci!"));
    assertThat(settings.version(), is("1.0.0"));
    assertThat(settings.clientAddress(), equalTo(new ClientAddress.Peer()));
    assertThat(settings.maxConnections(), is(500));
    assertThat(settings.requestTimeout(), is(Duration.ofSeconds(15)));
    assertThat(settings.idleTimeout(), is(Duration.ofMinutes(15)));
    assertThat(settings.drainDelay(), is(Duration.ofSeconds(4)));
    assertThat(settings.accessLog(), is(Settings.AccessLog.ALL));
    assertThat(settings.documents().location(), equalTo(new Location.Folder(Path.of("documents"))));
    assertThat(settings.documents().maxBytes(), is(1 << 20));
    assertThat(settings.documents().timeout(), is(Duration.ofSeconds(3)));
    assertThat(settings.documents().cache(), is(Duration.ofSeconds(5)));
  }

  @Test
  void everyKeyIsReadFromTheEnvironment() {
    Settings settings =
        Settings.load(
            Map.ofEntries(
                Map.entry("PORT", "5000"),
                Map.entry("MERIDIAN_ADMIN_PORT", "5001"),
                Map.entry("MERIDIAN_HOME", "hello"),
                Map.entry("MERIDIAN_GREETING", "Good day"),
                Map.entry("MERIDIAN_VERSION", "sha256:0123abcd"),
                Map.entry("MERIDIAN_CLIENT_ADDRESS", "x-forwarded-for:2"),
                Map.entry("MERIDIAN_MAX_CONNECTIONS", "50"),
                Map.entry("MERIDIAN_REQUEST_TIMEOUT", "7s"),
                Map.entry("MERIDIAN_IDLE_TIMEOUT", "1h"),
                Map.entry("MERIDIAN_DRAIN_DELAY", "20s"),
                Map.entry("MERIDIAN_ACCESS_LOG", "errors"),
                Map.entry("MERIDIAN_DOCUMENTS_LOCATION", "s3://my-bucket"),
                Map.entry("MERIDIAN_DOCUMENTS_ENDPOINT", "http://localhost:5555"),
                Map.entry("MERIDIAN_DOCUMENTS_MAX_BYTES", "99"),
                Map.entry("MERIDIAN_DOCUMENTS_TIMEOUT", "500ms"),
                Map.entry("MERIDIAN_DOCUMENTS_CACHE", "0s"),
                Map.entry("MERIDIAN_DOCUMENTS_WAIT", "100s")));

    assertThat(settings.port(), is(5000));
    assertThat(settings.adminPort(), is(5001));
    assertThat(settings.home(), is(Settings.Home.HELLO));
    assertThat(settings.greeting(), is("Good day"));
    assertThat(settings.version(), is("sha256:0123abcd"));
    assertThat(settings.clientAddress(), equalTo(new ClientAddress.ForwardedFor(2)));
    assertThat(settings.maxConnections(), is(50));
    assertThat(settings.requestTimeout(), is(Duration.ofSeconds(7)));
    assertThat(settings.idleTimeout(), is(Duration.ofHours(1)));
    assertThat(settings.drainDelay(), is(Duration.ofSeconds(20)));
    assertThat(settings.accessLog(), is(Settings.AccessLog.ERRORS));
    assertThat(
        settings.documents().location(),
        equalTo(new Location.S3("my-bucket", "http://localhost:5555")));
    assertThat(settings.documents().maxBytes(), is(99));
    assertThat(settings.documents().timeout(), is(Duration.ofMillis(500)));
    assertThat(settings.documents().cache(), is(Duration.ZERO));
    assertThat(settings.documents().startWait(), is(Duration.ofSeconds(100)));
  }

  @Test
  void documentTimesOutBeforeItsRequest() {
    Settings settings =
        Settings.load(
            Map.of("MERIDIAN_REQUEST_TIMEOUT", "2s", "MERIDIAN_DOCUMENTS_TIMEOUT", "30s"));

    assertThat(settings.documents().timeout(), is(Duration.ofMillis(1800)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          PORT                         | 70000         | a whole number from 0 to 65535
          PORT                         | http          | a whole number from 0 to 65535
          PORT                         | -1            | a whole number from 0 to 65535
          MERIDIAN_ADMIN_PORT          | 8080          | another port than the public one
          MERIDIAN_HOME                | tim           | hello or time
          MERIDIAN_GREETING            | ''            | a text of 1 to 200 characters
          MERIDIAN_VERSION             | a b           | letters, digits
          MERIDIAN_CLIENT_ADDRESS      | left-most     | x-forwarded-for:N
          MERIDIAN_CLIENT_ADDRESS      | x-forwarded-for:0 | N from 1 to 9
          MERIDIAN_MAX_CONNECTIONS     | 0             | a whole number from 10 to 100000
          MERIDIAN_REQUEST_TIMEOUT     | 15            | a duration such as
          MERIDIAN_REQUEST_TIMEOUT     | 0s            | from 1s to 5m
          MERIDIAN_IDLE_TIMEOUT        | 1s            | from 5s to 24h
          MERIDIAN_DRAIN_DELAY         | 11m           | from 0s to 10m
          MERIDIAN_ACCESS_LOG          | some          | all or errors or off
          MERIDIAN_DOCUMENTS_LOCATION  | s3://UPPER    | s3://BUCKET
          MERIDIAN_DOCUMENTS_LOCATION  | ftp://x       | a folder
          MERIDIAN_DOCUMENTS_ENDPOINT  | localhost:80  | an http or https address
          MERIDIAN_DOCUMENTS_ENDPOINT  | http://a:65536 | an http or https address
          MERIDIAN_DOCUMENTS_ENDPOINT  | http://a..b   | an http or https address
          MERIDIAN_DOCUMENTS_LOCATION  | azblob://a:99999/docs | azblob://ACCOUNT
          MERIDIAN_DOCUMENTS_LOCATION  | azblob://..../docs | azblob://ACCOUNT
          MERIDIAN_DOCUMENTS_MAX_BYTES | 0             | a whole number from 1 to 16777216
          MERIDIAN_DOCUMENTS_TIMEOUT   | 1ms           | from 100ms to 30s
          MERIDIAN_DOCUMENTS_CACHE     | 2h            | from 0s to 1h
          MERIDIAN_DOCUMENTS_WAIT      | 6m            | from 0s to 5m
          """)
  void refusalNamesKeyValueAndWhatIsAccepted(String variable, String value, String accepted) {
    SettingsException refusal =
        assertThrows(SettingsException.class, () -> Settings.load(Map.of(variable, value)));

    assertThat(
        refusal.getMessage(),
        allOf(
            containsString(variable + ": "),
            containsString("\"" + value + "\""),
            containsString(accepted)));
  }

  /** As Terraform and people count them, not in Java's UTF-16 units. */
  @Test
  void greetingIsCountedInCharacters() {
    String longest = "\ud83d\udc4b".repeat(200);

    assertThat(Settings.load(Map.of("MERIDIAN_GREETING", longest)).greeting(), is(longest));
    assertThrows(
        SettingsException.class, () -> Settings.load(Map.of("MERIDIAN_GREETING", longest + "!")));
  }

  @Test
  void unknownMeridianVariableIsRefused() {
    SettingsException refusal =
        assertThrows(
            SettingsException.class, () -> Settings.load(Map.of("MERIDIAN_GREETINGS", "Hi")));

    assertThat(
        refusal.getMessage(),
        allOf(containsString("MERIDIAN_GREETINGS"), containsString("MERIDIAN_GREETING,")));
  }

  @Test
  void unknownAndMissingKeysOfTheFileAreRefused() {
    assertThat(
        assertThrows(
                SettingsException.class, () -> Settings.read(Map.of("greetings", "Hi"), Map.of()))
            .getMessage(),
        containsString("application.yaml has the unknown key greetings"));
    assertThat(
        assertThrows(SettingsException.class, () -> Settings.read(Map.of("port", "1"), Map.of()))
            .getMessage(),
        containsString("application.yaml lacks access-log"));
  }

  @Test
  void locationsOfEachStoreAreParsed() {
    assertThat(location("gs://a.bucket_1"), equalTo(new Location.Gcs("a.bucket_1", "")));
    assertThat(location("s3://a-bucket"), equalTo(new Location.S3("a-bucket", "")));
    assertThat(
        location("azblob://acc.blob.core.windows.net/docs"),
        equalTo(new Location.Blob("https://acc.blob.core.windows.net", "docs")));
    assertThat(location("/srv/documents"), equalTo(new Location.Folder(Path.of("/srv/documents"))));
  }

  /** Otherwise Cloud Storage would be asked for {@code //storage}. */
  @Test
  void trailingSlashOfAnEndpointIsDropped() {
    Settings settings =
        Settings.load(
            Map.of(
                "MERIDIAN_DOCUMENTS_LOCATION",
                "gs://documents",
                "MERIDIAN_DOCUMENTS_ENDPOINT",
                "http://localhost:4443/"));
    assertThat(
        settings.documents().location(),
        equalTo(new Location.Gcs("documents", "http://localhost:4443")));
  }

  @Test
  void clientAddressFromAHeader() {
    assertThat(
        Settings.load(Map.of("MERIDIAN_CLIENT_ADDRESS", "header:x-client-address")).clientAddress(),
        equalTo(new ClientAddress.WrittenHeader(HeaderNames.create("x-client-address"))));
  }

  private static Location location(String text) {
    return Settings.load(Map.of("MERIDIAN_DOCUMENTS_LOCATION", text)).documents().location();
  }
}
