package meridian;

import io.helidon.common.media.type.MediaType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * What an Accept header admits (RFC 9110 section 12.5.1). Helidon's own parser treats a space
 * before a semicolon as part of the type, and does not know the lone asterisk of old clients.
 */
final class Accept {
  private static final Pattern TYPE =
      Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]+/[A-Za-z0-9!#$%&'*+.^_`|~-]+");
  private static final Pattern QUALITY =
      Pattern.compile("0(\\.[0-9]{0,3})?|1(\\.0{0,3})?|\\.[0-9]+");

  private final List<Range> ranges = new ArrayList<>();

  private record Range(String type, double quality) {
    /** How closely this range matches the type, from 0 to 2, or -1 if it does not match. */
    int specificity(MediaType other) {
      if (type.equals("*/*")) {
        return 0;
      }
      if (type.equals(other.type() + "/*")) {
        return 1;
      }
      return type.equals(other.text()) ? 2 : -1;
    }
  }

  /**
   * @throws IllegalArgumentException if the header is not a list of media types
   */
  Accept(String header) {
    for (String element : split(header, ',')) {
      if (!element.isBlank()) { // RFC 9110 section 5.6.1: ignore empty elements
        ranges.add(range(element));
      }
    }
  }

  private static Range range(String element) {
    List<String> parts = split(element, ';');
    String type = parts.getFirst().strip().toLowerCase(Locale.ROOT);
    if (type.equals("*")) {
      type = "*/*";
    } else if (!TYPE.matcher(type).matches()) {
      throw new IllegalArgumentException("Not a media type: " + type);
    }
    double quality = 1;
    for (String parameter : parts.subList(1, parts.size())) {
      int equals = parameter.indexOf('=');
      if (equals > 0 && parameter.substring(0, equals).strip().equalsIgnoreCase("q")) {
        String value = parameter.substring(equals + 1).strip();
        if (!QUALITY.matcher(value).matches()) {
          throw new IllegalArgumentException("Not a quality: " + value);
        }
        quality = Double.parseDouble(value);
      }
    }
    return new Range(type, quality);
  }

  /** Splits at each separator outside quoted strings. */
  private static List<String> split(String text, char separator) {
    List<String> parts = new ArrayList<>();
    boolean isQuoted = false;
    int start = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"') {
        isQuoted = !isQuoted;
      } else if (c == '\\' && isQuoted) {
        i++;
      } else if (c == separator && !isQuoted) {
        parts.add(text.substring(start, i));
        start = i + 1;
      }
    }
    parts.add(text.substring(start));
    return parts;
  }

  /** Whether the header lists nothing, so that any type is acceptable. */
  boolean isEmpty() {
    return ranges.isEmpty();
  }

  /** From 0, which means not acceptable, to 1. The most specific range that matches decides. */
  double quality(MediaType type) {
    double quality = 0;
    int best = -1;
    for (Range range : ranges) {
      int specificity = range.specificity(type);
      if (specificity > best) {
        best = specificity;
        quality = range.quality();
      }
    }
    return quality;
  }
}
