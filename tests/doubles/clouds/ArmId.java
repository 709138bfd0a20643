import java.util.Arrays;
import java.util.List;

/**
 * The parts of an id of Azure Resource Manager: {@code
 * SCOPE/providers/NAMESPACE/TYPE/NAME[/TYPE/NAME…]}.
 *
 * @param parent the resource or scope that it belongs to
 * @param type NAMESPACE/TYPE[/TYPE…]
 * @param collection whether it ends at a type and so means all resources of that type
 */
record ArmId(String text, String parent, String type, String name, boolean collection) {
  static ArmId of(String text) {
    int split = text.toLowerCase().lastIndexOf("/providers/");
    if (split < 0) {
      List<String> parts = Arrays.asList(text.split("/"));
      boolean group = parts.size() == 5 && parts.get(3).equalsIgnoreCase("resourceGroups");
      return new ArmId(
          text,
          group ? text.substring(0, text.indexOf('/', 15)) : "",
          group ? "Microsoft.Resources/resourceGroups" : "",
          parts.get(parts.size() - 1),
          !group);
    }
    List<String> parts = Arrays.asList(text.substring(split + "/providers/".length()).split("/"));
    StringBuilder type = new StringBuilder(parts.get(0));
    for (int i = 1; i < parts.size(); i += 2) {
      type.append('/').append(parts.get(i));
    }
    boolean collection = parts.size() % 2 == 0;
    int levels = collection ? 1 : 2;
    String parent = parts.size() <= 3 ? text.substring(0, split) : text;
    for (int i = 0; parts.size() > 3 && i < levels; i++) {
      parent = parent.substring(0, parent.lastIndexOf('/'));
    }
    return new ArmId(text, parent, type.toString(), parts.get(parts.size() - 1), collection);
  }

  boolean is(String wanted) {
    return type.equalsIgnoreCase(wanted);
  }

  /** The name of the resource group, or "". */
  String group() {
    String[] parts = text.split("/");
    return parts.length > 4 && parts[3].equalsIgnoreCase("resourceGroups") ? parts[4] : "";
  }
}
