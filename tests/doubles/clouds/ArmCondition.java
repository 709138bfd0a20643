import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether the condition of a role assignment allows an action on a resource, as far as the language
 * is used here:
 * https://learn.microsoft.com/azure/role-based-access-control/conditions-format
 */
final class ArmCondition {
  private static final Pattern TOKEN =
      Pattern.compile(
          "\\s*(\\(|\\)|!|AND\\b|OR\\b|NOT\\b|(?:Sub)?(?:Operation|Action)Matches\\{'[^']*'\\}"
              + "|@(?:Resource|Request)\\[[^]]*\\]\\s+[A-Za-z:]+\\s+(?:'[^']*'|\\{[^}]*\\}))\\s*");
  private static final Pattern COMPARISON =
      Pattern.compile("@Resource\\[([^]]*)\\]\\s+String(Equals|StartsWith)\\s+'([^']*)'");

  private final Matcher tokens;
  private final String text;
  private final String action;
  private final String suboperation;
  private final Map<String, String> resource;
  private int at;

  private ArmCondition(
      String text, String action, String suboperation, Map<String, String> resource) {
    this.text = text.strip();
    this.tokens = TOKEN.matcher(this.text);
    this.action = action;
    this.suboperation = suboperation;
    this.resource = resource;
  }

  /**
   * Evaluates a condition; null allows everything.
   *
   * @param resource values by attribute, as in {@code @Resource[attribute]}
   */
  static boolean allows(
      String condition, String action, String suboperation, Map<String, String> resource) {
    if (condition == null) {
      return true;
    }
    ArmCondition evaluated = new ArmCondition(condition, action, suboperation, resource);
    boolean allowed = evaluated.or();
    if (evaluated.at < evaluated.text.length()) {
      throw evaluated.bad();
    }
    return allowed;
  }

  private boolean or() {
    boolean value = and();
    while (next("OR")) {
      value |= and();
    }
    return value;
  }

  private boolean and() {
    boolean value = term();
    while (next("AND")) {
      value &= term();
    }
    return value;
  }

  private boolean term() {
    if (next("!") || next("NOT")) {
      return !term();
    }
    if (next("(")) {
      boolean value = or();
      if (!next(")")) {
        throw bad();
      }
      return value;
    }
    String token = take();
    Matcher comparison = COMPARISON.matcher(token);
    if (comparison.matches()) {
      String value = resource.get(comparison.group(1));
      return value != null
          && (comparison.group(2).equals("Equals")
              ? value.equals(comparison.group(3))
              : value.startsWith(comparison.group(3)));
    }
    String wanted = token.replaceAll("^[^']*'|'[^']*$", "");
    if (token.startsWith("ActionMatches")) {
      return wanted.equalsIgnoreCase(action);
    }
    if (token.startsWith("SubOperationMatches")) {
      return wanted.equalsIgnoreCase(suboperation);
    }
    throw bad();
  }

  private boolean next(String wanted) {
    if (!tokens.find(at) || tokens.start() != at || !tokens.group(1).equals(wanted)) {
      return false;
    }
    at = tokens.end();
    return true;
  }

  private String take() {
    if (!tokens.find(at) || tokens.start() != at) {
      throw bad();
    }
    at = tokens.end();
    return tokens.group(1);
  }

  private FakeCloud.Refusal bad() {
    return new FakeCloud.Refusal(
        400, "InvalidCondition", "Not understood at: " + text.substring(Math.min(at, text.length())));
  }
}
