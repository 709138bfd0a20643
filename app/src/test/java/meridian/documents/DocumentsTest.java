package meridian.documents;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.instanceOf;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.not;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import meridian.documents.DocumentStore.Fetch;
import meridian.settings.DocumentSettings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What all stores share, on a fake store whose responses the test sets. */
class DocumentsTest {
  private static final Fetch BROKEN = new Fetch.Failed(Lookup.Failure.BROKEN, "test", false);
  private static final Fetch SILENCE = new Fetch.Failed(Lookup.Failure.SLOW, "test", false);
  private static final Fetch HICCUP = new Fetch.Failed(Lookup.Failure.BROKEN, "test", true);

  private final Deque<Fetch> responses = new ArrayDeque<>();
  private final List<String> asked = new ArrayList<>();
  private final AtomicLong nanos = new AtomicLong();
  private final Documents documents =
      documents(
          (name, tag) -> {
            asked.add(name + " " + tag);
            return responses.removeFirst();
          });

  private Documents documents(DocumentStore store) {
    return documents(store, 1000);
  }

  private Documents documents(DocumentStore store, int maxBytes) {
    return new Documents(
        store,
        new DocumentSettings(
            new DocumentSettings.Location.Folder(Path.of("unused")),
            maxBytes,
            Duration.ofSeconds(3),
            Duration.ofSeconds(5),
            Duration.ofSeconds(2)),
        nanos::get);
  }

  private static Fetch found(String json, String tag) {
    return new Fetch.Found(json.getBytes(UTF_8), tag);
  }

  private static Lookup.Document document(Lookup lookup) {
    assertThat(lookup, is(instanceOf(Lookup.Document.class)));
    return (Lookup.Document) lookup;
  }

  @Test
  void startWaitsUntilTheStoreIsReached() throws InterruptedException {
    responses.addAll(
        List.of(SILENCE, HICCUP, BROKEN, new Fetch.Failed(Lookup.Failure.REFUSED, "test", false)));

    assertThat(documents.awaitStore(), is(true));
    assertThat(responses, is(empty()));
  }

  @Test
  void startWaitIsLimited() throws InterruptedException {
    assertThat(documents((name, tag) -> SILENCE).awaitStore(), is(false));
  }

  @Test
  void startWaitIsLimitedForAStoreThatHangsOrThrows() throws InterruptedException {
    Documents hanging =
        documents(
            (name, tag) -> {
              try {
                Thread.sleep(20_000);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              return SILENCE;
            });
    Documents throwing =
        documents(
            (name, tag) -> {
              throw new IllegalStateException("a defect");
            });
    long start = System.nanoTime();

    assertThat(hanging.awaitStore(), is(false));
    assertThat(throwing.awaitStore(), is(false));
    assertThat((System.nanoTime() - start) / 1_000_000, is(lessThan(15_000L)));
  }

  @Test
  void bytesAreServedAsStored() {
    responses.add(found(" {\"b\":1, \"a\":2.0}\n", "t1"));

    assertThat(
        new String(document(documents.get("foo")).json(), UTF_8), is(" {\"b\":1, \"a\":2.0}\n"));
  }

  @Test
  void freshCopyIsServedWithoutAFetch() {
    responses.add(found("{}", "t1"));
    documents.get("foo");
    nanos.addAndGet(Duration.ofMillis(4999).toNanos());
    documents.get("foo");

    assertThat(asked, equalTo(List.of("foo ")));
  }

  @Test
  void staleCopyIsRevalidatedByItsTag() {
    responses.add(found("{\"v\":1}", "t1"));
    responses.add(new Fetch.Unchanged());
    responses.add(found("{\"v\":2}", "t2"));
    String first = document(documents.get("foo")).etag();
    nanos.addAndGet(Duration.ofSeconds(5).toNanos());
    String second = document(documents.get("foo")).etag();
    nanos.addAndGet(Duration.ofSeconds(5).toNanos());
    String third = document(documents.get("foo")).etag();

    assertThat(asked, equalTo(List.of("foo ", "foo t1", "foo t1")));
    assertThat(second, is(first));
    assertThat(third, is(not(first)));
  }

  @Test
  void removedDocumentIsForgotten() {
    responses.add(found("{}", "t1"));
    responses.add(new Fetch.Missing());
    responses.add(found("{}", "t1"));
    documents.get("foo");
    nanos.addAndGet(Duration.ofSeconds(5).toNanos());

    assertThat(documents.get("foo"), equalTo(new Lookup.Missing()));
    document(documents.get("foo"));
    assertThat(asked.getLast(), is("foo "));
  }

  @Test
  void transientFailureIsRetriedOnce() {
    responses.add(HICCUP);
    responses.add(found("{}", "t1"));
    document(documents.get("foo"));

    responses.add(HICCUP);
    responses.add(HICCUP);
    assertThat(documents.get("bar"), equalTo(new Lookup.Unavailable(Lookup.Failure.BROKEN)));
    assertThat(asked.size(), is(4));
  }

  @Test
  void permanentFailureIsNotRetried() {
    responses.add(BROKEN);
    assertThat(documents.get("foo"), equalTo(new Lookup.Unavailable(Lookup.Failure.BROKEN)));
    assertThat(asked.size(), is(1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "[]",
        "\"text\"",
        "1",
        "null",
        "{",
        "{}{}",
        "{} x",
        "{\"a\":}",
        "\ufeff{}",
        "{\"a\":\"\u0000\"}"
      })
  void onlyASingleJsonObjectIsServed(String bytes) {
    responses.add(found(bytes, "t1"));
    assertThat(documents.get("foo"), equalTo(new Lookup.Unavailable(Lookup.Failure.BROKEN)));
  }

  @Test
  void otherEncodingsAreNotServed() {
    responses.add(
        new Fetch.Found("{\"a\":1}".getBytes(java.nio.charset.StandardCharsets.UTF_16LE), ""));
    responses.add(new Fetch.Found(new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'}, ""));

    assertThat(documents.get("foo"), equalTo(new Lookup.Unavailable(Lookup.Failure.BROKEN)));
    assertThat(documents.get("bar"), equalTo(new Lookup.Unavailable(Lookup.Failure.BROKEN)));
  }

  @Test
  void documentAboveTheLimitIsNotServed() {
    responses.add(found("{\"a\":\"" + "x".repeat(1000 - 8) + "\"}", ""));
    document(documents.get("foo"));
    responses.add(found("{\"a\":\"" + "x".repeat(1001 - 8) + "\"}", ""));
    assertThat(documents.get("bar"), equalTo(new Lookup.Unavailable(Lookup.Failure.BROKEN)));
  }

  /** At any size limit, because these two are small. */
  @ParameterizedTest
  @ValueSource(ints = {1000, 8 << 20, 16 << 20})
  void documentBeingSentLeavesRoomForAnother(int maxBytes) {
    Documents large = documents((name, tag) -> found("{}", ""), maxBytes);

    large.send(
        document(large.get("foo")),
        foo -> assertThat(large.send(document(large.get("bar")), bar -> {}), is(true)));
  }

  @Test
  void concurrentCallersShareOneFetch() throws InterruptedException, ExecutionException {
    CountDownLatch release = new CountDownLatch(1);
    AtomicInteger fetches = new AtomicInteger();
    Documents shared =
        documents(
            (name, tag) -> {
              fetches.incrementAndGet();
              try {
                release.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              return found("{}", "t1");
            });
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Lookup>> lookups = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        lookups.add(callers.submit(() -> shared.get("foo")));
      }
      Thread.sleep(100);
      release.countDown();
      for (Future<Lookup> lookup : lookups) {
        document(lookup.get());
      }
    }
    assertThat(fetches.get(), is(1));
  }

  @Test
  void slowStoreTakesNoLongerThanTheTimeout() throws InterruptedException {
    CountDownLatch interrupted = new CountDownLatch(1);
    Documents slow =
        documents(
            (name, tag) -> {
              try {
                Thread.sleep(60_000);
              } catch (InterruptedException e) {
                interrupted.countDown();
                Thread.currentThread().interrupt();
              }
              return new Fetch.Missing();
            });
    long start = System.nanoTime();
    assertThat(slow.get("foo"), equalTo(new Lookup.Unavailable(Lookup.Failure.SLOW)));

    assertThat((System.nanoTime() - start) / 1_000_000, is(lessThan(30_000L)));
    interrupted.await(); // the fetch does not continue without a caller
  }

  @Test
  void storeThatThrowsIsBroken() {
    Documents throwing =
        documents(
            (name, tag) -> {
              throw new IllegalStateException("a defect");
            });
    assertThat(throwing.get("foo"), equalTo(new Lookup.Unavailable(Lookup.Failure.BROKEN)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-a", "_a", "A", "a.b", "a/b", "a\\b", "..", "ä", "a b", "a\n"})
  void invalidNamesAreRefused(String name) {
    assertThat(Documents.isName(name), is(false));
    assertThrows(IllegalArgumentException.class, () -> documents.get(name));
  }

  @Test
  void namesMayHave63Characters() {
    assertThat(Documents.isName("a".repeat(63)), is(true));
    assertThat(Documents.isName("a".repeat(64)), is(false));
    assertThat(Documents.isName("0-a_b"), is(true));
  }
}
