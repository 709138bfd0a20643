"""What modules and stacks refuse: a run of terraform test for each case of clouds/refusals.yml."""

import fnmatch
import functools
import json
import re
import shutil

import yaml
from support.machine import ROOT, without
from support.providers import FOLDERS


def expression(value):
    if isinstance(value, str) and value.startswith("="):
        return value[1:]
    return re.sub(r"([$%])\{", r"\1\1{", json.dumps(value))


def assignment(name, value):
    variable, _, key = name.partition(".")
    if not key:
        return f"{variable} = {expression(value)}"
    return f"{variable} = merge(var.{variable}, {{ {key} = {expression(value)} }})"


@functools.cache
def table():
    """The cases. Each of their folders exists, unless the owner of this copy deleted it."""
    read = yaml.safe_load((ROOT / "tests/clouds/refusals.yml").read_text())
    for pattern in " ".join(read).split():
        known = fnmatch.filter(FOLDERS, pattern.partition("#")[0]) or without(ROOT / pattern)
        assert known, f"clouds/refusals.yml: {pattern} is no module or stack"
    return read


def refusals(folder, tests="unit"):
    """A test file for a module or stack: the head of its own tests, and a run for each case."""
    text = (ROOT / folder / f"tests/{tests}.tftest.hcl").read_text()
    parts, place = [text[: text.index('\nrun "')]], folder if tests == "unit" else f"{folder}#{tests}"
    for folders, variables in table().items():
        if not any(fnmatch.fnmatch(place, pattern) for pattern in folders.split()):
            continue
        for names, cases in variables.items():
            names = names.split(", ")
            for case, values in cases.items():
                given = zip(names, values if len(names) > 1 else [values])
                parts += [
                    f'run "refuses_{re.sub(r"[^a-zA-Z0-9]+", "_", f"{names[0]} {case}").rstrip("_")}" {{',
                    "  command = plan",
                    "  variables {",
                    *(f"    {assignment(name, value)}" for name, value in given),
                    "  }",
                    f"  expect_failures = [var.{names[0].partition('.')[0]}]",
                    "}\n",
                ]
    return "\n".join(parts)


def copy(top):
    """Copy modules and stacks to where init may leave its files, and add the tests of what they refuse."""
    for folder in ("modules", "stacks"):
        excluded = shutil.ignore_patterns(".terraform*", "*.tfstate*", "backend.tf")
        shutil.copytree(ROOT / folder, top / folder, ignore=excluded)
    (top / "app").symlink_to(ROOT / "app")
    for folder in FOLDERS:
        for file in list((top / folder / "tests").iterdir()):
            tests = file.name.removesuffix(".tftest.hcl")
            file.with_name(f"{tests}_refusals.tftest.hcl").write_text(refusals(folder, tests))
