package meridian.documents;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.is;

import org.junit.jupiter.api.Test;

class DocumentCacheTest {
  private final DocumentCache cache = new DocumentCache(10);

  private static DocumentCache.Entry entry(int size) {
    return new DocumentCache.Entry(new Lookup.Document(new byte[size], "\"e\""), "t", 0);
  }

  @Test
  void leastRecentlyUsedAreEvicted() {
    cache.put("a", entry(4));
    cache.put("b", entry(4));
    cache.get("a");
    cache.put("c", entry(4));

    assertThat(cache.get("a").isPresent(), is(true));
    assertThat(cache.get("b").isPresent(), is(false));
    assertThat(cache.get("c").isPresent(), is(true));
  }

  @Test
  void replacedAndRemovedEntriesFreeTheirBytes() {
    cache.put("a", entry(9));
    cache.put("a", entry(2));
    cache.put("b", entry(8));
    assertThat(cache.get("a").isPresent(), is(true));

    cache.remove("b");
    cache.put("c", entry(8));
    assertThat(cache.get("a").isPresent(), is(true));
  }

  @Test
  void documentLargerThanTheCacheIsNotKept() {
    cache.put("a", entry(4));
    cache.put("b", entry(11));

    assertThat(cache.get("b").isPresent(), is(false));
    assertThat(cache.get("a").isPresent(), is(true));
  }
}
