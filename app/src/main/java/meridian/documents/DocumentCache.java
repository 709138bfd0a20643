package meridian.documents;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The most recently served documents, up to a number of bytes. Safe for use by many threads. */
final class DocumentCache {
  private final long maxBytes;
  private final Map<String, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
  private long bytes;

  /**
   * A document, and when it was last known to be current.
   *
   * @param tag the store's name for this version, or empty
   * @param checkedAt when the store confirmed it, in nanoseconds of {@link System#nanoTime}
   */
  record Entry(Lookup.Document document, String tag, long checkedAt) {}

  DocumentCache(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  synchronized Optional<Entry> get(String name) {
    return Optional.ofNullable(entries.get(name));
  }

  synchronized void put(String name, Entry entry) {
    remove(name);
    int size = entry.document().json().length;
    if (size > maxBytes) {
      return;
    }
    entries.put(name, entry);
    bytes += size;
    Iterator<Entry> eldest = entries.values().iterator();
    while (bytes > maxBytes) {
      bytes -= eldest.next().document().json().length;
      eldest.remove();
    }
  }

  synchronized void remove(String name) {
    Entry removed = entries.remove(name);
    if (removed != null) {
      bytes -= removed.document().json().length;
    }
  }
}
