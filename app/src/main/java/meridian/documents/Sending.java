package meridian.documents;

import java.util.IdentityHashMap;

/**
 * Counts the bytes of documents that are being sent, because a client that reads slowly keeps its
 * document in memory, whatever the cache does. A document sent to many clients counts once. Safe
 * for use by many threads.
 */
final class Sending {
  private final long maxBytes;
  private final IdentityHashMap<byte[], Integer> readers = new IdentityHashMap<>();
  private long bytes;

  /**
   * @param maxBytes for all documents together; a single one may be larger
   */
  Sending(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /** Whether there is no memory for one more document of that size. */
  synchronized boolean isFull(int size) {
    return bytes > 0 && bytes + size > maxBytes;
  }

  /** Adds a reader, or returns false if there is no memory for its document. */
  synchronized boolean begin(byte[] document) {
    if (!readers.containsKey(document)) {
      if (isFull(document.length)) {
        return false;
      }
      bytes += document.length;
    }
    readers.merge(document, 1, Integer::sum);
    return true;
  }

  synchronized void end(byte[] document) {
    if (readers.merge(document, -1, Integer::sum) == 0) {
      readers.remove(document);
      bytes -= document.length;
    }
  }
}
