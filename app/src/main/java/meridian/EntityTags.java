package meridian;

import io.helidon.http.HeaderName;
import io.helidon.http.ServerRequestHeaders;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The two comparisons of entity tags (RFC 9110 section 8.8.3.2). */
final class EntityTags {
  private static final Pattern TAG = Pattern.compile("(W/)?(\"[^\"]*\")");

  private EntityTags() {}

  /** Whether the header lists the tag, and not marked as weak. */
  static boolean listsStrongly(ServerRequestHeaders headers, HeaderName header, String tag) {
    return lists(headers, header, tag, false);
  }

  /** Whether the header lists the tag, marked as weak or not. */
  static boolean listsWeakly(ServerRequestHeaders headers, HeaderName header, String tag) {
    return lists(headers, header, tag, true);
  }

  private static boolean lists(
      ServerRequestHeaders headers, HeaderName header, String tag, boolean weakly) {
    String value = String.join(",", headers.all(header, List::of)).strip();
    if (value.equals("*")) {
      return true;
    }
    Matcher tags = TAG.matcher(value);
    while (tags.find()) {
      if (tags.group(2).equals(tag) && (weakly || tags.group(1) == null)) {
        return true;
      }
    }
    return false;
  }
}
