import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A double of Azure Resource Manager: it stores what is put, and returns it with the fields that
 * Azure computes. It also refuses what Azure refuses and a provider does not notice: ids of missing
 * resources, missing parents, resources in use, unknown principals, and what {@link ContainerApps}
 * and {@link BlobService} refuse. It knows no quotas, no prices, no regions, and no rights except
 * those to pull images and to use blobs.
 */
final class Arm implements FakeCloud.Cloud {
  /** Types that Azure does not delete while another resource refers to them. */
  private static final Set<String> HELD =
      ignoringCase(
          "Microsoft.Network/networkSecurityGroups",
          "Microsoft.Network/virtualNetworks/subnets",
          "Microsoft.Network/publicIPAddresses",
          "Microsoft.Network/natGateways",
          "Microsoft.Network/loadBalancers/backendAddressPools",
          "Microsoft.Network/applicationGatewayWebApplicationFirewallPolicies",
          "Microsoft.App/managedEnvironments");

  /**
   * Namespaces that a new subscription must register first, spelt as Azure lists them; the provider
   * registers only those that it finds letter by letter.
   */
  private static final List<String> NAMESPACES =
      List.of(
          "Microsoft.App",
          "Microsoft.Compute",
          "Microsoft.ContainerService",
          "Microsoft.ContainerRegistry",
          "Microsoft.KeyVault",
          "microsoft.insights",
          "Microsoft.ManagedIdentity",
          "Microsoft.Network",
          "Microsoft.OperationalInsights",
          "Microsoft.Portal",
          "Microsoft.Storage");

  /** Types whose first PUT returns 200; for others it returns 201. */
  private static final Set<String> MADE_WITH_200 =
      ignoringCase(
          "Microsoft.Storage/storageAccounts",
          "Microsoft.Storage/storageAccounts/blobServices",
          "Microsoft.Storage/storageAccounts/managementPolicies",
          "Microsoft.Insights/diagnosticSettings",
          "Microsoft.Insights/metricAlerts");

  private static final Pattern RESOURCE_ID =
      Pattern.compile("(?i)/subscriptions/[^/]+/resourceGroups/[^/]+/providers/[^/]+/[^/]+/.+");

  final Store store = new Store(true);
  private final ArmFields fields = new ArmFields(store);
  private final ContainerApps apps = new ContainerApps(store);
  private final BlobService blobs = new BlobService(store);
  private final Set<String> registered =
      ignoringCase("Microsoft.Authorization", "Microsoft.Resources");
  private final Set<String> people = ignoringCase();
  private final ArmRules rules = new ArmRules(store, people);

  public static void main(String... arguments) throws Exception {
    FakeCloud.serve(new Arm(), arguments);
  }

  @Override
  public Object resources() {
    return store.all();
  }

  @Override
  public FakeCloud.Response refuse(FakeCloud.Refusal refusal) {
    return new FakeCloud.Response(
        refusal.status,
        Json.object("error", Json.object("code", refusal.code, "message", refusal.getMessage())));
  }

  @Override
  public Object order(String name, Map<String, Object> details) {
    switch (name) {
      case "put": // a resource that existed before
        store.put(Json.text(details, "id"), details);
        return details;
      case "forget":
        store.remove(Json.text(details, "id"));
        return null;
      case "blobs": // an emulator that really stores them, with leases
        blobs.upstream = 
            new BlobUpstream(
                new Upstream(Json.text(details, "url"), Json.text(details, "trust")));
        return null;
      case "spread": // refusals of a new right to blobs, and seconds of a new right to pull
        blobs.refusals = ((Long) details.getOrDefault("refusals", 0L)).intValue();
        apps.spreads = Duration.ofSeconds((Long) details.getOrDefault("seconds", 0L));
        return details;
      case "slow": // reads of a new revision before it is ready; -1: never
        apps.slowness = ((Long) details.get("reads")).intValue();
        return details;
      case "history": // the shares of the requests, one after the other
        return List.copyOf(apps.history);
      default:
        return FakeCloud.Cloud.super.order(name, details);
    }
  }

  @Override
  public FakeCloud.Response respond(FakeCloud.Request request) {
    String person = String.valueOf(claims(request).get("oid"));
    people.add(person);
    if (request.host().endsWith(".blob.core.windows.net")) {
      return blobs.respond(request, person);
    }
    if (!request.host().equals("management.azure.com")) {
      throw new FakeCloud.Refusal(421, "UnknownHost", request.host() + " is not played here.");
    }
    String path = FakeCloud.decode(request.path().replace("+", "%2B")).replaceFirst("/$", "");
    return switch (request.method()) {
      case "GET" -> get(path, request.query());
      case "PUT" -> put(path, request.json());
      case "PATCH" -> patch(path, request.json());
      case "DELETE" -> delete(path);
      case "POST" -> post(path, request.json());
      default -> throw new FakeCloud.Refusal(405, "MethodNotAllowed", request.method());
    };
  }

  /** What a token says about its owner; tokens in tests have no signature. */
  private static Map<String, Object> claims(FakeCloud.Request request) {
    String header = request.headers().getFirst("Authorization");
    if (header == null || !header.matches("Bearer [^.]+\\.[^.]+\\.[^.]*")) {
      throw new FakeCloud.Refusal(401, "InvalidAuthenticationToken", "A bearer token is missing.");
    }
    byte[] claims = Base64.getUrlDecoder().decode(header.split("\\.")[1]);
    return Json.asObject(Json.parse(new String(claims, StandardCharsets.UTF_8)));
  }

  private FakeCloud.Response get(String path, Map<String, String> query) {
    String filter = query.getOrDefault("$filter", "");
    apps.asked(path);
    if (store.has(path)) {
      return new FakeCloud.Response(200, fields.shown(ArmId.of(path), store.get(path)));
    }
    if (path.matches("(?i)/subscriptions/[^/]+")) {
      return new FakeCloud.Response(200, Json.object("id", path, "state", "Enabled"));
    }
    if (path.matches("(?i)/subscriptions/[^/]+/locations")) {
      return list(
          List.of(
              Json.object(
                  "name", "westeurope", "availabilityZoneMappings", Json.array("1", "2", "3")),
              Json.object("name", "westus")));
    }
    if (path.matches("(?i)/subscriptions/[^/]+/providers/Microsoft.Authorization/permissions")) {
      return list(List.of(Json.object("actions", Json.array("*"), "notActions", Json.array())));
    }
    if (path.matches("(?i)/subscriptions/[^/]+/providers")) {
      return list(NAMESPACES.stream().map(this::provider).toList());
    }
    if (path.matches("(?i)/subscriptions/[^/]+/providers/[^/]+")) {
      return new FakeCloud.Response(200, provider(path.substring(path.lastIndexOf('/') + 1)));
    }
    if (path.matches("(?i)/subscriptions/[^/]+/resourceGroups")) {
      return list(store.list(path));
    }
    if (path.matches("(?i)/subscriptions/[^/]+/(resourceGroups/[^/]+/)?resources")) {
      String scope = path.substring(0, path.lastIndexOf('/'));
      if (!exists(scope)) {
        throw notFound(ArmId.of(scope));
      }
      return list(search(scope, filter));
    }
    if (path.matches("(?i).*/roleDefinitions")) {
      String role = quoted(filter, "roleName");
      return list(role == null ? List.of() : List.of(ArmRoles.definition(ArmRoles.id(role))));
    }
    if (path.matches("(?i).*/roleDefinitions/[^/]+")) {
      return new FakeCloud.Response(200, ArmRoles.definition(path));
    }
    ArmId id = ArmId.of(path);
    Map<String, Object> implied = fields.implied(id);
    if (implied != null) {
      return new FakeCloud.Response(200, implied);
    }
    if (id.collection() && exists(id.parent())) {
      return list(store.list(path));
    }
    throw notFound(id);
  }

  private FakeCloud.Response put(String path, Map<String, Object> body) {
    ArmId id = ArmId.of(path);
    if (id.collection()) {
      throw new FakeCloud.Refusal(405, "MethodNotAllowed", path + " is not the id of a resource.");
    }
    if (!exists(id.parent())) {
      throw notFound(ArmId.of(id.parent()));
    }
    String namespace = id.type().split("/")[0];
    if (!registered.contains(namespace)) {
      throw new FakeCloud.Refusal(
          409,
          "MissingSubscriptionRegistration",
          "The subscription is not registered to use namespace '" + namespace + "'.");
    }
    // https://github.com/Azure/bicep/issues/14935
    if (id.is("Microsoft.App/managedEnvironments")
        && Json.at(body, "properties.vnetConfiguration.infrastructureSubnetId") != null
        && !registered.contains("Microsoft.ContainerService")) {
      throw new FakeCloud.Refusal(
          409,
          "SubscriptionIsNotRegistered",
          "The subscription is not registered for the required resource providers, please register"
              + " with the resource providers Microsoft.App and Microsoft.ContainerService.");
    }
    Map<String, Object> old = store.get(path);
    boolean isNew = old == null;
    checkReferences(id, body, body);
    rules.put(id, body);
    body.put("id", isNew ? path : old.get("id"));
    body.put("name", isNew ? id.name() : old.get("name"));
    body.put("type", id.type());
    if (id.is("Microsoft.App/containerApps")) {
      apps.put(id, old, body);
    }
    fields.compute(id, body);
    store.put(path, body);
    return new FakeCloud.Response(
        isNew && !MADE_WITH_200.contains(id.type()) ? 201 : 200, fields.shown(id, body));
  }

  private FakeCloud.Response patch(String path, Map<String, Object> body) {
    if (!store.has(path)) {
      throw notFound(ArmId.of(path));
    }
    Map<String, Object> merged = Json.copy(store.get(path));
    Json.merge(merged, body);
    return put(path, merged);
  }

  private FakeCloud.Response delete(String path) {
    ArmId id = ArmId.of(path);
    if (!store.has(path)) {
      return new FakeCloud.Response(204, null);
    }
    if (HELD.contains(id.type())) {
      for (Map.Entry<String, Map<String, Object>> other : store.all().entrySet()) {
        boolean own = isOrBelow(other.getKey(), path);
        if (!own && references(other.getValue()).stream().anyMatch(path::equalsIgnoreCase)) {
          throw new FakeCloud.Refusal(400, "InUse", path + " is in use by " + other.getKey() + ".");
        }
      }
    }
    rules.delete(id);
    store.remove(path);
    return new FakeCloud.Response(200, null);
  }

  private FakeCloud.Response post(String path, Map<String, Object> body) {
    String verb = path.substring(path.lastIndexOf('/') + 1);
    String target = path.substring(0, path.lastIndexOf('/'));
    switch (verb) {
      case "register":
        String namespace = target.substring(target.lastIndexOf('/') + 1);
        if (!NAMESPACES.contains(namespace) && !registered.contains(namespace)) {
          throw new FakeCloud.Refusal(
              404, "InvalidResourceNamespace", "The resource namespace '" + namespace + "' is invalid.");
        }
        registered.add(namespace);
        return new FakeCloud.Response(200, provider(namespace));
      case "checkNameAvailability":
        return new FakeCloud.Response(200, rules.availability(body));
      default:
        if (!store.has(target)) {
          throw notFound(ArmId.of(target));
        }
        return new FakeCloud.Response(200, action(ArmId.of(target), verb));
    }
  }

  private Object action(ArmId id, String verb) {
    switch (verb) {
      case "listSecrets":
        // https://learn.microsoft.com/rest/api/resource-manager/containerapps/container-apps/list-secrets
        return Json.object(
            "value",
            Json.at(store.get(id.text()), "properties.configuration.secrets") instanceof List<?> kept
                ? kept
                : Json.array());
      case "listKeys":
        return Json.object("keys", Json.array());
      case "sharedKeys":
        return Json.object("primarySharedKey", "none", "secondarySharedKey", "none");
      case "activate":
      case "deactivate":
        apps.activate(id, verb.equals("activate"));
        return Json.object();
      case "start":
        return Json.object("id", id.text() + "/executions/1", "name", id.name() + "-1");
      default:
        throw new FakeCloud.Refusal(404, "UnknownAction", id.text() + "/" + verb);
    }
  }

  private boolean exists(String id) {
    // Singletons such as blobServices/default exist with their parents.
    return id.matches("(?i)/subscriptions/[^/]+")
        || store.has(id)
        || id.endsWith("/default") && exists(ArmId.of(id).parent())
        || part(id);
  }

  /** Whether the id is of a named part of a resource, such as a probe of a load balancer. */
  private boolean part(String id) {
    ArmId part = ArmId.of(id);
    return !part.collection()
        && store.has(part.parent())
        && Json.objects(
                store.get(part.parent()),
                "properties." + part.type().substring(part.type().lastIndexOf('/') + 1))
            .stream()
            .anyMatch(each -> part.name().equals(each.get("name")));
  }

  /** Every id in the body must be of an existing resource, or of a part of this one. */
  private void checkReferences(ArmId id, Object value, Map<String, Object> body) {
    for (String reference : references(value)) {
      if (isOrBelow(reference, id.text())) {
        String[] part = reference.substring(id.text().length()).split("/");
        boolean named =
            part.length != 3
                || Json.at(body, "properties." + part[1]) == null
                || Json.objects(body, "properties." + part[1]).stream()
                    .anyMatch(each -> part[2].equals(each.get("name")));
        if (!named) {
          throw dangling(id, reference);
        }
      } else if (!exists(reference)) {
        throw dangling(id, reference);
      }
    }
  }

  private static FakeCloud.Refusal dangling(ArmId id, String reference) {
    return new FakeCloud.Refusal(
        400,
        "InvalidResourceReference",
        reference + ", which " + id.text() + " names, is not there.");
  }

  /** The ids of resources anywhere in a value. */
  private static Set<String> references(Object value) {
    Set<String> found = new LinkedHashSet<>();
    if (value instanceof Map<?, ?> object) {
      object.forEach(
          (key, each) -> {
            found.addAll(references(each));
            // The identities of a resource are the keys of an object.
            found.addAll(references(key));
          });
    } else if (value instanceof List<?> array) {
      array.forEach(each -> found.addAll(references(each)));
    } else if (value instanceof String text && RESOURCE_ID.matcher(text).matches()) {
      found.add(text);
    }
    return found;
  }

  /** Resources by the filter that the provider uses. */
  private List<Map<String, Object>> search(String scope, String filter) {
    String type = quoted(filter, "resourceType");
    String name = quoted(filter, "name");
    List<Map<String, Object>> found = new ArrayList<>();
    store
        .below(scope)
        .forEach(
            (id, object) -> {
              ArmId parsed = ArmId.of(id);
              if (!parsed.is("Microsoft.Resources/resourceGroups")
                  && parsed.type().chars().filter(c -> c == '/').count() == 1
                  && id.toLowerCase().indexOf("/providers/")
                      == id.toLowerCase().lastIndexOf("/providers/")
                  && (type == null || parsed.is(type))
                  && (name == null || parsed.name().equalsIgnoreCase(name))) {
                found.add(
                    Json.object(
                        "id", object.get("id"),
                        "name", parsed.name(),
                        "type", parsed.type(),
                        "location", object.get("location")));
              }
            });
    return found;
  }

  private static String quoted(String filter, String key) {
    Matcher matcher = Pattern.compile(key + " eq '([^']*)'").matcher(filter);
    return matcher.find() ? matcher.group(1) : null;
  }

  static boolean isOrBelow(String id, String ancestor) {
    return id.equalsIgnoreCase(ancestor)
        || id.regionMatches(true, 0, ancestor + "/", 0, ancestor.length() + 1);
  }

  private Map<String, Object> provider(String namespace) {
    String state = registered.contains(namespace) ? "Registered" : "NotRegistered";
    return Json.object("namespace", namespace, "registrationState", state);
  }

  private static FakeCloud.Response list(List<? extends Object> values) {
    return new FakeCloud.Response(200, Json.object("value", values));
  }

  private static FakeCloud.Refusal notFound(ArmId id) {
    boolean group = id.is("Microsoft.Resources/resourceGroups");
    return new FakeCloud.Refusal(
        404, group ? "ResourceGroupNotFound" : "ResourceNotFound", id.text() + " was not found.");
  }

  private static Set<String> ignoringCase(String... values) {
    Set<String> set = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    set.addAll(List.of(values));
    return set;
  }
}
