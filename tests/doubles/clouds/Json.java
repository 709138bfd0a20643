import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
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
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.USE_LONG_FOR_INTS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private Json() {}

  /**
   * Reads one value (RFC 8259).
   *
   * @throws IllegalArgumentException if the text is anything else
   */
  static Object parse(String text) {
    try {
      return MAPPER.readValue(text, Object.class);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("JSON: " + e.getOriginalMessage(), e);
    }
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

  /** The object at a key, created if there is none. */
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

  /** Applies a merge patch (RFC 7396) to the target: null removes a key. */
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
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
