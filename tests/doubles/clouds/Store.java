import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What a double stores: JSON objects by id. An id is a path, and owns what is below it. */
final class Store {
  private final TreeMap<String, Map<String, Object>> objects;

  /** Azure ignores the case of ids, Google does not. */
  Store(boolean ignoreCase) {
    objects = new TreeMap<>(ignoreCase ? String.CASE_INSENSITIVE_ORDER : null);
  }

  /** The object itself, not a copy; null if there is none. */
  Map<String, Object> get(String id) {
    return objects.get(id);
  }

  boolean has(String id) {
    return objects.containsKey(id);
  }

  void put(String id, Map<String, Object> object) {
    objects.put(id, object);
  }

  /** Removes the object and everything below it; returns whether there was one. */
  boolean remove(String id) {
    below(id).keySet().forEach(objects::remove);
    return objects.remove(id) != null;
  }

  /** Everything below an id, at any depth. */
  Map<String, Map<String, Object>> below(String id) {
    String prefix = id + "/";
    return objects.entrySet().stream()
        .filter(entry -> startsWith(entry.getKey(), prefix))
        .collect(
            Collectors.toMap(
                Map.Entry::getKey, Map.Entry::getValue, (one, two) -> two, LinkedHashMap::new));
  }

  /** The objects directly below a collection, such as {@code …/subnets}. */
  List<Map<String, Object>> list(String collection) {
    return below(collection).entrySet().stream()
        .filter(entry -> entry.getKey().indexOf('/', collection.length() + 1) < 0)
        .map(Map.Entry::getValue)
        .collect(Collectors.toList());
  }

  /** Everything, by id. */
  Map<String, Map<String, Object>> all() {
    return objects;
  }

  private boolean startsWith(String id, String prefix) {
    boolean ignoreCase = objects.comparator() != null;
    return id.regionMatches(ignoreCase, 0, prefix, 0, prefix.length());
  }
}
