"""Tables of each cloud's module variables and outputs. Run as a program, it writes modules/{cloud}/README.md."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Title, and the variable that the example needs on that cloud.
CLOUDS = {"aws": ("AWS", "region", "us-east-1"), "azure": ("Azure", "region", "westeurope"),
    "gcp": ("Google Cloud", "project", "my-project-123456")}
PAGE = """# Modules of {title}

`python3 tests/support/module_tables.py` writes this page. All modules together are the
[stack](../../stacks/{cloud}/README.md), which is a module itself. Four lines deploy a service:

```hcl
module "quotes" {{
{lines}
}}
```

What else a service may need: [stacks/OWN-SERVICE.md](../../stacks/OWN-SERVICE.md). A module alone is pinned in the same
way, `//modules/{cloud}/network?ref=v1.0.0`; none of its variables has a default.
[main.tf](../../stacks/{cloud}/main.tf) shows how to use each.

| Module | Variable | Type | |
|---|---|---|---|
{variables}

| Module | Output | |
|---|---|---|
{outputs}
"""


def blocks(folder, kind):
    """Bodies of the top-level blocks of a kind, by name; the files must be formatted."""
    found = {}
    for file in sorted(folder.glob("*.tf")):
        for name, body in re.findall(rf'^{kind} "(\w+)" \{{\n(.*?)^\}}', file.read_text(), re.M | re.S):
            found[name] = body
    return found


def type_of(body):
    """Type of a variable, joined into one line."""
    text = re.search(r"^  type\s*=\s*(.*)", body, re.M | re.S)[1]
    kind = ""
    for line in text.splitlines():
        kind += re.sub(r"#.*", "", line).strip() + ","
        if all(kind.count(pair[0]) == kind.count(pair[1]) for pair in ("()", "{}")):
            # Keep one comma between items, none next to brackets.
            kind = re.sub(r",+(?=[)}])|(?<=[({]),+|,(?=,)", "", re.sub(r"\s+", "", kind)).rstrip(",")
            return kind.replace(",", ", ").replace("=", " = ").replace("{", "{ ").replace("}", " }")
    raise AssertionError(f"no type in {body}")


def description(body):
    text = re.search(r'^  description = (?:"(.*)"|<<-EOT\n((?:    .*\n)*?)  EOT)$', body, re.M)
    return " ".join((text[1] or text[2]).replace('\\"', '"').split()).replace("|", "\\|")


def page(cloud):
    title, where, place = CLOUDS[cloud]
    lines = {"source": f"git::https://github.com/OWNER/meridian//stacks/{cloud}?ref=v1.0.0", "name": "quotes",
        where: place, "image": f"docker.io/someone/quotes@sha256:{'1' * 64}"}
    folders = sorted(path.parent for path in (ROOT / "modules" / cloud).glob("*/main.tf"))
    variables = [f"| {folder.name} | `{name}` | `{type_of(body)}` | {description(body)} |" for folder in folders
        for name, body in sorted(blocks(folder, "variable").items())]
    outputs = [f"| {folder.name} | `{name}` | {description(body)} |" for folder in folders
        for name, body in sorted(blocks(folder, "output").items())]
    return PAGE.format(cloud=cloud, title=title, variables="\n".join(variables), outputs="\n".join(outputs),
        lines="\n".join(f'  {name:{max(map(len, lines))}} = "{value}"' for name, value in lines.items()))


if __name__ == "__main__":
    for cloud in CLOUDS:
        if (ROOT / "modules" / cloud).exists():
            (ROOT / "modules" / cloud / "README.md").write_text(page(cloud))
