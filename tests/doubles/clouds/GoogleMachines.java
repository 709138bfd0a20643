import java.util.HashMap;
import java.util.Map;

/** Managed instance groups of a region: each has an instance group that load balancers refer to. */
final class GoogleMachines {
  private static final int ZONES = 3;

  private final Google google;

  /** Manager to how often it is still read before its machines are as wanted. */
  private final Map<String, Integer> rolling = new HashMap<>();

  GoogleMachines(Google google) {
    this.google = google;
  }

  private static String group(String id) {
    return id.replace("/instanceGroupManagers/", "/instanceGroups/");
  }

  /** Begins to create or replace machines. */
  void begin(String id, Map<String, Object> manager) {
    String base = "https://www.googleapis.com/compute/v1/";
    google.store.put(
        group(id), Json.object("name", manager.get("name"), "selfLink", base + group(id)));
    manager.put("instanceGroup", base + group(id));
    // The provider sends groups of settings that are null; Google omits them.
    manager
        .values()
        .removeIf(
            each -> each instanceof Map<?, ?> group && group.values().stream().allMatch(v -> v == null));
    rolling.put((String) manager.get("name"), 2);
    stable(manager, false);
  }

  /** Counts a read; a rollout is complete at the second one. */
  void settle(Map<String, Object> manager) {
    int left = rolling.merge((String) manager.get("name"), -1, Integer::sum);
    stable(manager, left <= 0);
  }

  private static void stable(Map<String, Object> manager, boolean is) {
    manager.put(
        "status", Json.object("isStable", is, "versionTarget", Json.object("isReached", is)));
  }

  /**
   * Deletes the group with its manager, but not while a load balancer uses the group:
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
   * In a region, the surge is none or at least as many machines as there are zones; see "maximum
   * surge" on the page on rolling updates: https://cloud.google.com/compute/docs/instance-groups/
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
