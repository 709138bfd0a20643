import java.util.HashMap;
import java.util.Map;

/** Groups of machines in a region: each has an instance group that load balancers refer to. */
final class GoogleMachines {
  private static final int ZONES = 3;

  private final Google google;

  /** Manager to how often it is asked for before its machines are what was wanted. */
  private final Map<String, Integer> rolling = new HashMap<>();

  GoogleMachines(Google google) {
    this.google = google;
  }

  private static String group(String id) {
    return id.replace("/instanceGroupManagers/", "/instanceGroups/");
  }

  /** Machines begin to be made or replaced. */
  void begin(String id, Map<String, Object> manager) {
    String base = "https://www.googleapis.com/compute/v1/";
    google.store.put(
        group(id), Json.object("name", manager.get("name"), "selfLink", base + group(id)));
    manager.put("instanceGroup", base + group(id));
    // The provider writes out groups of settings that are null; Google leaves them out.
    manager
        .values()
        .removeIf(
            each -> each instanceof Map<?, ?> group && group.values().stream().allMatch(v -> v == null));
    rolling.put((String) manager.get("name"), 2);
    stable(manager, false);
  }

  /** It is asked for once more; what rolls has rolled after the second time. */
  void settle(Map<String, Object> manager) {
    int left = rolling.merge((String) manager.get("name"), -1, Integer::sum);
    stable(manager, left <= 0);
  }

  private static void stable(Map<String, Object> manager, boolean is) {
    manager.put(
        "status", Json.object("isStable", is, "versionTarget", Json.object("isReached", is)));
  }

  /**
   * The group goes with its manager, which stays while a load balancer uses the group:
   * https://cloud.google.com/compute/docs/instance-groups/deleting-managed-instance-groups
   */
  void end(String id) {
    String user = google.user(group(id), id);
    if (user != null) {
      throw Google.inUse(id, user);
    }
    google.store.remove(group(id));
  }

  /**
   * In a region, as many new machines as it has zones, or none, as the page on rolling updates says
   * under "maximum surge": https://cloud.google.com/compute/docs/instance-groups/
   */
  static void check(Map<String, Object> manager) {
    if (Json.at(manager, "updatePolicy.maxSurge.fixed") instanceof Long surge
        && surge != 0
        && surge < ZONES) {
      throw Google.invalid(
          "Fixed updatePolicy.maxSurge for regional managed instance group has to be either 0 or at"
              + " least equal to the number of zones.");
    }
  }
}
