package meridian.documents;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import meridian.documents.DocumentCache.Entry;
import meridian.documents.DocumentStore.Fetch;
import meridian.settings.DocumentSettings;

/**
 * Documents by name, from any store. No caller waits longer than the timeout, callers that want the
 * same document at the same time share one fetch, and a copy is cached for a while.
 */
public final class Documents {
  /** Lower case, so that a folder on a case-insensitive disk behaves like a bucket. */
  public static final String NAMES = "[a-z0-9][a-z0-9_-]{0,62}";

  private static final Logger LOGGER = System.getLogger(Documents.class.getName());
  private static final Pattern NAME = Pattern.compile(NAMES);

  private static final int MAX_FETCHES = 16;
  private static final long WAIT_MILLIS = 500;

  /** Limit of the documents being fetched. Meanwhile each is in memory up to three times. */
  private static final long FETCH_BYTES = 6 << 20;

  private static final long CACHE_BYTES = 8 << 20;
  private static final long SENDING_BYTES = 16 << 20;

  private final DocumentStore store;
  private final int maxBytes;
  private final Duration timeout;
  private final Duration startWait;
  private final long freshNanos;
  private final LongSupplier nanoTime;
  private final DocumentCache cache = new DocumentCache(CACHE_BYTES);
  private final Sending sending = new Sending(SENDING_BYTES);
  private final Semaphore fetches;
  private final ConcurrentMap<String, FutureTask<Lookup>> flights = new ConcurrentHashMap<>();

  Documents(DocumentStore store, DocumentSettings settings, LongSupplier nanoTime) {
    this.store = store;
    this.maxBytes = settings.maxBytes();
    this.timeout = settings.timeout();
    this.startWait = settings.startWait();
    this.freshNanos = settings.cache().toNanos();
    this.nanoTime = nanoTime;
    this.fetches = new Semaphore(fetches(maxBytes));
  }

  /** How many documents of that size are fetched at a time. */
  private static int fetches(int maxBytes) {
    return Math.clamp(FETCH_BYTES / maxBytes, 1, MAX_FETCHES);
  }

  /**
   * The most heap that documents use, in bytes.
   *
   * @param maxBytes the size of the largest document
   */
  public static long heapBytes(int maxBytes) {
    return 3L * fetches(maxBytes) * maxBytes + CACHE_BYTES + Math.max(SENDING_BYTES, maxBytes);
  }

  /**
   * Opens the store that the settings name.
   *
   * @throws meridian.settings.SettingsException if it cannot be opened, such as a missing folder
   */
  public static Documents open(DocumentSettings settings) {
    return new Documents(Stores.open(settings), settings, System::nanoTime);
  }

  /** Whether a document may have this name. */
  public static boolean isName(String name) {
    return NAME.matcher(name).matches();
  }

  /**
   * Looks up a document, for at most the configured timeout.
   *
   * @param name one that {@link #isName} accepts
   */
  public Lookup get(String name) {
    if (!isName(name)) {
      throw new IllegalArgumentException("Not a document's name: " + name);
    }
    Optional<Entry> cached = cache.get(name);
    if (cached.isPresent() && nanoTime.getAsLong() - cached.get().checkedAt() < freshNanos) {
      return cached.get().document();
    }
    if (sending.isFull(1)) { // before the lookup costs anything
      return new Lookup.Unavailable(Lookup.Failure.BUSY);
    }
    FutureTask<Lookup> mine = new FutureTask<>(() -> load(name, cached));
    FutureTask<Lookup> flight =
        flights.compute(
            name, (key, current) -> current == null || current.isDone() ? mine : current);
    if (flight == mine) {
      Thread.ofVirtual()
          .name("document " + name)
          .start(
              () -> {
                mine.run();
                flights.remove(name, mine);
              });
    }
    return await(name, flight);
  }

  /**
   * Passes a document to a sender, unless documents that clients read slowly use up the memory.
   *
   * @return whether it was passed on
   */
  public boolean send(Lookup.Document document, Consumer<Lookup.Document> sender) {
    if (!sending.begin(document.json())) {
      return false;
    }
    try {
      sender.accept(document);
    } finally {
      sending.end(document.json());
    }
    return true;
  }

  /**
   * Waits until the store returns a document, reports it missing or denies access: a new instance
   * may get its network a minute after its process starts, and nothing else shows when.
   *
   * @return whether it did within the configured time
   */
  public boolean awaitStore() throws InterruptedException {
    if (startWait.isZero()) {
      return true;
    }
    FutureTask<Fetch> reached = new FutureTask<>(this::reach);
    Thread.ofVirtual().name("store").start(reached);
    try {
      reached.get(startWait.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      LOGGER.log(Level.ERROR, "The documents' store failed", e.getCause());
      return false;
    } finally {
      reached.cancel(true);
    }
  }

  private Fetch reach() throws InterruptedException {
    while (true) {
      Fetch fetch = store.fetch("foo", "");
      if (!(fetch instanceof Fetch.Failed failed)
          || (failed.failure() == Lookup.Failure.REFUSED && !failed.isTransient())) {
        return fetch;
      }
      Thread.sleep(WAIT_MILLIS);
    }
  }

  private Lookup await(String name, FutureTask<Lookup> flight) {
    try {
      return flight.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      flights.remove(name, flight);
      flight.cancel(true);
      return unavailable(
          name, Lookup.Failure.SLOW, "no response within " + timeout.toMillis() + " ms");
    } catch (CancellationException e) {
      return new Lookup.Unavailable(Lookup.Failure.SLOW); // another caller timed out first
    } catch (ExecutionException e) {
      LOGGER.log(Level.ERROR, "Document " + name + " failed", e.getCause());
      return new Lookup.Unavailable(Lookup.Failure.BROKEN);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Lookup.Unavailable(Lookup.Failure.SLOW);
    }
  }

  private Lookup load(String name, Optional<Entry> cached) throws InterruptedException {
    Fetch fetch = fetch(name, cached.map(Entry::tag).orElse(""));
    return switch (fetch) {
      case Fetch.Found(byte[] bytes, String tag) -> accept(name, bytes, tag);
      case Fetch.Unchanged() -> {
        Entry entry = cached.orElseThrow();
        cache.put(name, new Entry(entry.document(), entry.tag(), nanoTime.getAsLong()));
        yield entry.document();
      }
      case Fetch.Missing() -> {
        cache.remove(name);
        yield new Lookup.Missing();
      }
      case Fetch.Failed(Lookup.Failure failure, String reason, boolean _) ->
          unavailable(name, failure, reason);
    };
  }

  /** Fetches the document, with one retry after a short random wait if that may help. */
  private Fetch fetch(String name, String tag) throws InterruptedException {
    fetches.acquire();
    try {
      Fetch first = store.fetch(name, tag);
      if (!(first instanceof Fetch.Failed failed && failed.isTransient())) {
        return first;
      }
      Thread.sleep(ThreadLocalRandom.current().nextLong(50, 150));
      return store.fetch(name, tag);
    } finally {
      fetches.release();
    }
  }

  private Lookup accept(String name, byte[] bytes, String tag) {
    if (bytes.length > maxBytes) {
      return unavailable(name, Lookup.Failure.BROKEN, "larger than " + maxBytes + " bytes");
    }
    if (!JsonObjects.isObject(bytes)) {
      return unavailable(name, Lookup.Failure.BROKEN, "not a JSON object in UTF-8");
    }
    Lookup.Document document = new Lookup.Document(bytes, etag(bytes));
    cache.put(name, new Entry(document, tag, nanoTime.getAsLong()));
    return document;
  }

  private static Lookup unavailable(String name, Lookup.Failure failure, String reason) {
    LOGGER.log(Level.ERROR, "Document " + name + " is unavailable: " + reason);
    return new Lookup.Unavailable(failure);
  }

  /** A hash of the content, so that all instances and stores agree on it. */
  private static String etag(byte[] bytes) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
      return '"' + HexFormat.of().formatHex(hash, 0, 16) + '"';
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java platform has it
    }
  }
}
