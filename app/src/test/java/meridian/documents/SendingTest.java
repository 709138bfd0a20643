package meridian.documents;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThan;

import org.junit.jupiter.api.Test;

class SendingTest {
  private final byte[] small = new byte[10];
  private final byte[] large = new byte[95];

  @Test
  void oneDocumentCountsOnceForAllItsReaders() {
    Sending sending = new Sending(100);
    for (int i = 0; i < 50; i++) {
      assertThat(sending.begin(small), is(true));
    }
    assertThat(sending.isFull(90), is(false));
    assertThat(sending.begin(large), is(false));

    for (int i = 0; i < 50; i++) {
      sending.end(small);
    }
    assertThat(sending.begin(large), is(true));
    assertThat(sending.begin(small), is(false));
  }

  @Test
  void singleDocumentMayExceedTheLimit() {
    Sending sending = new Sending(50);
    assertThat(sending.begin(large), is(true));
    assertThat(sending.begin(small), is(false));
    sending.end(large);
    assertThat(sending.begin(small), is(true));
  }

  /** At every size limit that can be set, concurrent fetches stay within bounds. */
  @Test
  void fetchesAreBoundedByBytes() {
    for (int maxBytes = 1; maxBytes <= 16 << 20; maxBytes *= 2) {
      assertThat(Documents.heapBytes(maxBytes), is(lessThan((8 + 16 + 48 + 1L) << 20)));
    }
  }
}
