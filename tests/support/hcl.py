"""What tests read from Terraform's files."""

import re


def blocks(folder, kind):
    """Name to body of each top-level block of a kind, in formatted files."""
    found = {}
    for file in sorted(folder.glob("*.tf")):
        for name, body in re.findall(rf'^{kind} "(\w+)" \{{\n(.*?)^\}}', file.read_text(), re.M | re.S):
            found[name] = body
    return found
