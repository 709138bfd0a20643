import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Built-in and custom roles, and who has them. The ids of built-in roles differ from Azure's, which
 * nothing depends on.
 */
final class ArmRoles {
  private static final String PREFIX = "/providers/Microsoft.Authorization/roleDefinitions/";
  private static final Map<String, String> NAMES = new ConcurrentHashMap<>();

  private final Store store;

  /** Principals in addition to the identities in the store. */
  private final Set<String> people;

  ArmRoles(Store store, Set<String> people) {
    this.store = store;
    this.people = people;
  }

  static String id(String name) {
    String key = UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)).toString();
    NAMES.put(key, name);
    return PREFIX + key;
  }

  /** A built-in role. */
  static Map<String, Object> definition(String id) {
    String key = key(id);
    if (!NAMES.containsKey(key)) {
      throw new FakeCloud.Refusal(
          404, "RoleDefinitionDoesNotExist", "There is no role definition " + key + ".");
    }
    Map<String, Object> properties =
        Json.object("roleName", NAMES.get(key), "type", "BuiltInRole");
    return Json.object(
        "id", id,
        "name", key,
        "type", "Microsoft.Authorization/roleDefinitions",
        "properties", properties);
  }

  /** The name of the role that is assigned. */
  static String name(Map<String, Object> assignment) {
    return String.valueOf(NAMES.get(key(Json.text(assignment, "properties.roleDefinitionId"))));
  }

  private static String key(String id) {
    return id.substring(id.lastIndexOf('/') + 1).toLowerCase();
  }

  /** Defines a custom role, whose name must be unique in the tenant. */
  void define(ArmId id, Map<String, Object> body) {
    String name = Json.text(body, "properties.roleName");
    for (Map<String, Object> other : ofType("roleDefinitions")) {
      if (!id.name().equalsIgnoreCase(Json.text(other, "name"))
          && name.equalsIgnoreCase(Json.text(other, "properties.roleName"))) {
        throw new FakeCloud.Refusal(
            409,
            "RoleDefinitionWithSameNameExists",
            "A custom role with the same name already exists in this directory.");
      }
    }
    if (!(Json.at(body, "properties.assignableScopes") instanceof List<?> scopes)
        || scopes.isEmpty()) {
      throw new FakeCloud.Refusal(400, "MissingAssignableScopes", "A role is for at least one scope.");
    }
    NAMES.put(key(id.text()), name);
  }

  void undefine(ArmId id) {
    for (Map<String, Object> assignment : ofType("roleAssignments")) {
      if (key(Json.text(assignment, "properties.roleDefinitionId")).equals(key(id.text()))) {
        throw new FakeCloud.Refusal(
            400,
            "RoleDefinitionHasAssignments",
            "There are existing role assignments referencing role " + id.name() + ".");
      }
    }
    NAMES.remove(key(id.text()));
  }

  /** Assigns a role to a principal; both must exist, and the assignment must be new. */
  void assign(ArmId id, Map<String, Object> body) {
    String principal = Json.text(body, "properties.principalId");
    String role = Json.text(body, "properties.roleDefinitionId");
    boolean known =
        people.contains(principal)
            || ofType("userAssignedIdentities").stream()
                .anyMatch(each -> principal.equals(Json.text(each, "properties.principalId")));
    if (!known) {
      throw new FakeCloud.Refusal(
          400, "PrincipalNotFound", "Principal " + principal + " does not exist.");
    }
    definition(role);
    if (Json.text(body, "properties.condition") != null
        && !"2.0".equals(Json.text(body, "properties.conditionVersion"))) {
      throw new FakeCloud.Refusal(
          400, "InvalidConditionVersion", "A condition is of version 2.0, and says so.");
    }
    Map<String, Object> its = Json.inside(body, "properties");
    its.put("scope", id.parent());
    its.put("createdOn", Instant.now().toString());
    String siblings = id.parent() + "/providers/Microsoft.Authorization/roleAssignments";
    for (Map<String, Object> other : store.list(siblings)) {
      if (!id.text().equalsIgnoreCase(Json.text(other, "id"))
          && principal.equals(Json.text(other, "properties.principalId"))
          && key(role).equals(key(Json.text(other, "properties.roleDefinitionId")))) {
        throw new FakeCloud.Refusal(409, "RoleAssignmentExists", "The role assignment already exists.");
      }
    }
  }

  private List<Map<String, Object>> ofType(String type) {
    return store.all().values().stream()
        .filter(each -> String.valueOf(each.get("type")).endsWith("/" + type))
        .toList();
  }
}
