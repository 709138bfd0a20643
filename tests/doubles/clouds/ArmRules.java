import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What Azure refuses for single types: names in use anywhere in the world, federated credentials
 * that would never match, roles for unknown principals, and deleting what is locked.
 */
final class ArmRules {
  /** Types whose names are host names and so unique worldwide, with the error for a duplicate. */
  private static final Map<String, String> WORLDWIDE =
      Map.of(
          "microsoft.storage/storageaccounts", "StorageAccountAlreadyTaken",
          "microsoft.containerregistry/registries", "AlreadyInUse");

  /**
   * https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations
   */
  private static final int CREDENTIALS = 20;

  private final Store store;
  private final ArmRoles roles;

  ArmRules(Store store, Set<String> people) {
    this.store = store;
    this.roles = new ArmRoles(store, people);
  }

  /** Checks what is about to be stored. */
  void put(ArmId id, Map<String, Object> body) {
    String type = id.type().toLowerCase();
    switch (type) {
      case "microsoft.storage/storageaccounts", "microsoft.containerregistry/registries" -> {
        if (occupied(type, id.name(), id.text())) {
          throw new FakeCloud.Refusal(409, WORLDWIDE.get(type), id.name() + " is already taken.");
        }
      }
      case "microsoft.managedidentity/userassignedidentities/federatedidentitycredentials" ->
          credential(id, body);
      case "microsoft.network/applicationgateways" -> ArmGateway.check(body);
      case "microsoft.authorization/roleassignments" -> roles.assign(id, body);
      case "microsoft.authorization/roledefinitions" -> roles.define(id, body);
      default -> {}
    }
  }

  private boolean occupied(String type, String name, String own) {
    return store.all().keySet().stream()
        .filter(other -> !other.equalsIgnoreCase(own))
        .map(ArmId::of)
        .anyMatch(other -> other.is(type) && other.name().equalsIgnoreCase(name));
  }

  /** Azure's response to a check whether a name is free. */
  Map<String, Object> availability(Map<String, Object> body) {
    String type = Json.text(body, "type").toLowerCase();
    String name = Json.text(body, "name");
    boolean free = !WORLDWIDE.containsKey(type) || !occupied(type, name, "");
    return free
        ? Json.object("nameAvailable", true)
        : Json.object(
            "nameAvailable", false,
            "reason", "AlreadyExists",
            "message", name + " is already taken.");
  }

  private void credential(ArmId id, Map<String, Object> body) {
    Map<String, Object> wanted = Json.inside(body, "properties");
    String issuer = String.valueOf(wanted.get("issuer"));
    String subject = String.valueOf(wanted.get("subject"));
    if (!issuer.startsWith("https://") || subject.contains("*") || subject.isBlank()) {
      throw bad("Issuer must be an https URL and subject a name without wildcard.");
    }
    if (!(wanted.get("audiences") instanceof List<?> audiences) || audiences.size() != 1) {
      throw bad("A federated identity credential has exactly one audience.");
    }
    List<Map<String, Object>> others =
        new ArrayList<>(store.list(id.parent() + "/federatedIdentityCredentials"));
    others.removeIf(each -> id.name().equalsIgnoreCase(Json.text(each, "name")));
    if (others.size() >= CREDENTIALS) {
      throw bad("Too many Federated Identity Credentials for this Managed Identity, at most 20.");
    }
    for (Map<String, Object> other : others) {
      if (issuer.equals(Json.text(other, "properties.issuer"))
          && subject.equals(Json.text(other, "properties.subject"))) {
        throw bad("Issuer and subject combination already exists for this Managed Identity.");
      }
    }
  }

  private static FakeCloud.Refusal bad(String message) {
    return new FakeCloud.Refusal(400, "BadRequest", message);
  }

  /**
   * Checks a deletion. A lock protects everything that belongs to the locked resource, including role
   * assignments:
   * https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources
   */
  void delete(ArmId id) {
    if (id.is("Microsoft.Authorization/locks")) {
      return;
    }
    if (id.is("Microsoft.Authorization/roleDefinitions")) {
      roles.undefine(id);
    }
    for (Map.Entry<String, Map<String, Object>> entry : store.all().entrySet()) {
      ArmId lock = ArmId.of(entry.getKey());
      if (lock.is("Microsoft.Authorization/locks")
          && (Arm.isOrBelow(id.text(), lock.parent()) || Arm.isOrBelow(lock.text(), id.text()))) {
        throw new FakeCloud.Refusal(
            409,
            "ScopeLocked",
            "The scope '"
                + id.text()
                + "' cannot perform delete operation because following scope(s) are locked: '"
                + lock.parent()
                + "'. Please remove the lock and try again.");
      }
    }
  }
}
