package meridian.documents;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/** Reads documents into memory, without a second copy if their length is known. */
final class Bodies {
  private Bodies() {}

  /**
   * Reads to the end, but at most one byte more than {@code maxBytes}.
   *
   * @param length the length that the store reports, or negative if it does not
   */
  static byte[] read(InputStream in, long length, int maxBytes) throws IOException {
    if (length < 0 || length > maxBytes) {
      return in.readNBytes(maxBytes + 1);
    }
    byte[] bytes = new byte[(int) length];
    int count = in.readNBytes(bytes, 0, bytes.length);
    if (count < bytes.length) {
      return Arrays.copyOf(bytes, count);
    }
    byte[] more = in.readNBytes(maxBytes + 1 - count); // it has grown, or the store is wrong
    if (more.length == 0) {
      return bytes;
    }
    byte[] all = Arrays.copyOf(bytes, count + more.length);
    System.arraycopy(more, 0, all, count, more.length);
    return all;
  }
}
