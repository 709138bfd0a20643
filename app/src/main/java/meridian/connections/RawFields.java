package meridian.connections;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Optional;

/** Fields of the current request as sent. Helidon decodes them as ASCII and loses the rest. */
public final class RawFields {
  static final ScopedValue<Connection> CONNECTION = ScopedValue.newInstance();

  private RawFields() {}

  /**
   * The first field with that name, decoded as UTF-8; invalid bytes become U+FFFD.
   *
   * @param name in lower case
   */
  public static Optional<String> first(String name) {
    if (!CONNECTION.isBound()) {
      return Optional.empty();
    }
    byte[] bytes = CONNECTION.get().head();
    for (int from = FieldLines.end(bytes, 0); bytes[from] != '\r'; ) {
      int to = FieldLines.end(bytes, from);
      String field = FieldLines.name(bytes, from);
      if (field.equals(name)) {
        int value = from + field.length() + 1;
        return Optional.of(new String(bytes, value, to - value, UTF_8).strip());
      }
      from = to;
    }
    return Optional.empty();
  }
}
