import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * JSON as plain Java: objects are {@code LinkedHashMap<String, Object>}, arrays {@code
 * ArrayList<Object>}, whole numbers {@code Long}, others {@code BigDecimal}; text, booleans and
 * null are themselves.
 */
final class Json {
  private final String text;
  private int at;

  private Json(String text) {
    this.text = text;
  }

  /**
   * Reads one value (RFC 8259).
   *
   * @throws IllegalArgumentException if the text is anything else
   */
  static Object parse(String text) {
    Json json = new Json(text);
    Object value = json.value();
    json.space();
    if (json.at < text.length()) {
      throw json.bad("one value");
    }
    return value;
  }

  /** An object of the given keys and values, in this order. */
  static Map<String, Object> object(Object... keysAndValues) {
    Map<String, Object> object = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      object.put((String) keysAndValues[i], keysAndValues[i + 1]);
    }
    return object;
  }

  static List<Object> array(Object... values) {
    return new ArrayList<>(List.of(values));
  }

  /**
   * The value at a path of keys and array indices, such as {@code a.b.0.c}; null if there is none.
   */
  static Object at(Object value, String path) {
    for (String step : path.split("\\.")) {
      if (value instanceof Map<?, ?> object) {
        value = object.get(step);
      } else if (value instanceof List<?> array && step.matches("\\d+")) {
        value = Integer.parseInt(step) < array.size() ? array.get(Integer.parseInt(step)) : null;
      } else {
        return null;
      }
    }
    return value;
  }

  /** The text at a path; null if there is none. */
  static String text(Object value, String path) {
    return at(value, path) instanceof String text ? text : null;
  }

  /** The objects of the array at a path; none if there is no array. */
  static List<Map<String, Object>> objects(Object value, String path) {
    List<Map<String, Object>> objects = new ArrayList<>();
    if (at(value, path) instanceof List<?> array) {
      array.forEach(each -> objects.add(asObject(each)));
    }
    return objects;
  }

  /** The object at a key, made if there is none. */
  static Map<String, Object> inside(Map<String, Object> object, String key) {
    if (!(object.get(key) instanceof Map)) {
      object.put(key, new LinkedHashMap<String, Object>());
    }
    return asObject(object.get(key));
  }

  @SuppressWarnings("unchecked")
  static Map<String, Object> asObject(Object value) {
    return (Map<String, Object>) value;
  }

  /** A copy that shares nothing with the original. */
  static <T> T copy(T value) {
    @SuppressWarnings("unchecked")
    T copy = (T) parse(print(value));
    return copy;
  }

  /** Changes the target as a merge patch says (RFC 7396): null takes a key away. */
  static void merge(Map<String, Object> target, Map<String, Object> patch) {
    patch.forEach(
        (key, value) -> {
          if (value == null) {
            target.remove(key);
          } else if (value instanceof Map) {
            merge(inside(target, key), asObject(value));
          } else {
            target.put(key, value);
          }
        });
  }

  static String print(Object value) {
    StringBuilder out = new StringBuilder();
    print(value, out);
    return out.toString();
  }

  private static void print(Object value, StringBuilder out) {
    if (value instanceof Map<?, ?> object) {
      String separator = "{";
      for (Map.Entry<?, ?> entry : object.entrySet()) {
        out.append(separator);
        quote(entry.getKey().toString(), out);
        out.append(':');
        print(entry.getValue(), out);
        separator = ",";
      }
      out.append(object.isEmpty() ? "{}" : "}");
    } else if (value instanceof Iterable<?> array) {
      String separator = "";
      out.append('[');
      for (Object each : array) {
        out.append(separator);
        print(each, out);
        separator = ",";
      }
      out.append(']');
    } else if (value instanceof String string) {
      quote(string, out);
    } else {
      out.append(value);
    }
  }

  private static void quote(String string, StringBuilder out) {
    out.append('"');
    for (char c : string.toCharArray()) {
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ') {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    out.append('"');
  }

  private Object value() {
    space();
    switch (at < text.length() ? text.charAt(at) : 0) {
      case '{':
        return members();
      case '[':
        return elements();
      case '"':
        return string();
      case 't':
        return word("true", true);
      case 'f':
        return word("false", false);
      case 'n':
        return word("null", null);
      default:
        return number();
    }
  }

  private Map<String, Object> members() {
    Map<String, Object> object = new LinkedHashMap<>();
    at++;
    space();
    if (skip('}')) {
      return object;
    }
    do {
      space();
      String key = string();
      space();
      expect(':');
      object.put(key, value());
      space();
    } while (skip(','));
    expect('}');
    return object;
  }

  private List<Object> elements() {
    List<Object> array = new ArrayList<>();
    at++;
    space();
    if (skip(']')) {
      return array;
    }
    do {
      array.add(value());
      space();
    } while (skip(','));
    expect(']');
    return array;
  }

  private String string() {
    expect('"');
    StringBuilder string = new StringBuilder();
    while (at < text.length() && text.charAt(at) != '"') {
      char c = text.charAt(at++);
      string.append(c == '\\' ? escaped() : c);
    }
    expect('"');
    return string.toString();
  }

  private char escaped() {
    char c = at < text.length() ? text.charAt(at++) : 0;
    if (c == 'u' && at + 4 <= text.length()) {
      at += 4;
      return (char) Integer.parseInt(text.substring(at - 4, at), 16);
    }
    int known = "\"\\/bfnrt".indexOf(c);
    if (known < 0) {
      throw bad("an escape");
    }
    return "\"\\/\b\f\n\r\t".charAt(known);
  }

  private Object number() {
    int start = at;
    while (at < text.length() && "+-.0123456789eE".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    String number = text.substring(start, at);
    if (!number.matches("-?(0|[1-9]\\d*)(\\.\\d+)?([eE][+-]?\\d+)?")) {
      throw bad("a value");
    }
    return number.matches("-?\\d{1,18}") ? (Object) Long.valueOf(number) : new BigDecimal(number);
  }

  private Object word(String word, Object value) {
    if (!text.startsWith(word, at)) {
      throw bad("a value");
    }
    at += word.length();
    return value;
  }

  private void space() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  private boolean skip(char wanted) {
    if (at < text.length() && text.charAt(at) == wanted) {
      at++;
      return true;
    }
    return false;
  }

  private void expect(char wanted) {
    if (!skip(wanted)) {
      throw bad("'" + wanted + "'");
    }
  }

  private IllegalArgumentException bad(String wanted) {
    return new IllegalArgumentException("JSON: " + wanted + " expected at character " + at);
  }
}
