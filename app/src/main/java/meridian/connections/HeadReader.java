package meridian.connections;

import io.helidon.http.Status;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Collects input until a request's line and fields are complete. It never holds more than their
 * maximum size, whatever arrives.
 */
final class HeadReader {
  static final int MAX_LINE = 8 << 10; // RFC 9112 section 3 recommends 8,000 bytes
  static final int MAX_FIELDS_BYTES = 16 << 10;

  /** Each takes some 200 bytes of heap, so small fields take far more than is sent. */
  static final int MAX_FIELDS = 100;

  private static final int MIN_BUFFER = 1 << 10;

  private byte[] buffer = new byte[MIN_BUFFER];
  private int length;
  private int scanned;
  private int lineStart;
  private int lineEnd; // end of the request line, 0 while it is incomplete
  private int fields;

  boolean isEmpty() {
    return length == 0;
  }

  /** Space for the next bytes; at least one fits. */
  ByteBuffer room() {
    if (length == buffer.length) {
      buffer = Arrays.copyOf(buffer, Math.min(2 * length, MAX_LINE + MAX_FIELDS_BYTES + 1));
    }
    return ByteBuffer.wrap(buffer, length, buffer.length - length);
  }

  /** Call this after bytes were put into {@link #room}. */
  void received(int count) {
    length += count;
  }

  /** Discards what has been received, for when the rest does not matter. */
  void clear() {
    length = 0;
  }

  /** What has been received so far, for the log. */
  byte[] received() {
    return Arrays.copyOf(buffer, length);
  }

  /**
   * The next request's line and fields with the empty line, or null while they are incomplete.
   *
   * @throws io.helidon.http.RequestException if they can no longer become well-formed, or exceed a
   *     limit
   */
  byte[] next() {
    if (scanned <= 1) {
      scanned = 0;
      skipEmptyLines();
    }
    for (; scanned < length; scanned++) {
      byte b = buffer[scanned];
      if (b == '\n') {
        if (scanned == lineStart || buffer[scanned - 1] != '\r') {
          throw Refusals.malformed(received());
        }
        if (lineEnd > 0 && scanned == lineStart + 1) {
          return take(scanned + 1);
        }
        lineEnded();
      } else if (isRefused(b)) {
        throw Refusals.malformed(received());
      }
    }
    checkSize();
    return null;
  }

  /** Whether it is a control character, a tab in the first line, or follows a CR without LF. */
  private boolean isRefused(byte b) {
    boolean isControl = (b >= 0 && b < ' ' && b != '\t' && b != '\r') || b == 0x7f;
    boolean isTabInLine = b == '\t' && lineEnd == 0;
    return isControl || isTabInLine || (scanned > lineStart && buffer[scanned - 1] == '\r');
  }

  private void lineEnded() {
    lineStart = scanned + 1;
    if (lineEnd == 0) {
      checkSize();
      lineEnd = lineStart;
    } else if (++fields > MAX_FIELDS) {
      throw Refusals.of(received(), Refusals.HEADERS_TOO_LARGE);
    }
  }

  private void checkSize() {
    if (lineEnd == 0 && scanned > MAX_LINE) {
      throw Refusals.of(received(), Status.REQUEST_URI_TOO_LONG_414);
    }
    if (lineEnd > 0 && scanned - lineEnd > MAX_FIELDS_BYTES) {
      throw Refusals.of(received(), Refusals.HEADERS_TOO_LARGE);
    }
  }

  /** Skips empty lines, because some clients send one after a body (RFC 9112 section 2.2). */
  private void skipEmptyLines() {
    int at = 0;
    while (at + 1 < length && buffer[at] == '\r' && buffer[at + 1] == '\n') {
      at += 2;
    }
    drop(at);
  }

  private byte[] take(int end) {
    byte[] head = Arrays.copyOf(buffer, end);
    if (end - lineEnd > MAX_FIELDS_BYTES) {
      throw Refusals.of(head, Refusals.HEADERS_TOO_LARGE);
    }
    drop(end);
    scanned = 0;
    lineStart = 0;
    lineEnd = 0;
    fields = 0;
    return head;
  }

  private void drop(int count) {
    if (count > 0) {
      length -= count;
      byte[] rest =
          length > MIN_BUFFER || buffer.length == MIN_BUFFER ? buffer : new byte[MIN_BUFFER];
      System.arraycopy(buffer, count, rest, 0, length);
      buffer = rest;
    }
  }
}
