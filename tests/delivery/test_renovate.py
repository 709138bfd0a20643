"""Every pinned version is covered by a rule of the bot that updates it:
https://docs.renovatebot.com/modules/manager/"""

import json
import re
import subprocess

import pytest
from support.machine import ROOT

RENOVATE = json.loads((ROOT / "renovate.json").read_text())
# Files that the bot's built-in managers read.
MANAGED = re.compile(
    r"\.github/(workflows|actions)/.*\.yml|\.circleci/.*\.yml|.*requirements[\w-]*\.txt|.*\.tf|.*\.terraform\.lock\.hcl"
    r"|.*pom\.xml|.*maven-wrapper\.properties|.*go\.(mod|sum)"
)
# What a pin looks like: a digest, a Python package, a Go or npm package, an action, a version in a variable.
PINS = [
    r"[\w./:-]+@sha256:[0-9a-f]{64}",
    r"[\w.\[\]-]+==\d+(\.\d+)+",
    r"[\w./@-]+/[\w.-]+@v?\d+\.\d+\.\d+",
    r"(?m)^\s*\w*(?i:version)\w*\s*[:=]\s*[\"']?v?\d+\.\d+\.\d+",
    r"(?m)^[A-Z_]+ = \"\d+\.\d+\.\d+\"",
    r"https://\S+\d+\.\d+\.\d+\S+\.(zip|tar\.gz)",
]
# Files whose versions install nothing.
FOREIGN = re.compile(
    r"tests/commands/.*|tests/delivery/.*|tests/bench/peers/.*|.*\.(md|json)|.*\.tftest\.hcl|tests/clouds/refusals\.yml|.*\.tfmock\.hcl"
    r"|app/src/.*|app/mvnw.*")


def text(name):
    return (ROOT / name).read_text(errors="ignore")


def tracked():
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return [name for name in names if (ROOT / name).is_file()]


def found_by(manager):
    """Yield (file, start, end) of each match of a manager's expressions."""
    for pattern in manager["managerFilePatterns"]:
        for name in tracked():
            if re.search(pattern.strip("/"), name):
                for expression in manager["matchStrings"]:
                    for found in re.finditer(expression.replace("(?<", "(?P<").replace("(?P<=", "(?<="), text(name)):
                        yield name, found.start(), found.end()


@pytest.mark.parametrize("manager", RENOVATE["customManagers"], ids=lambda manager: manager["description"])
def test_each_rule_finds_something(manager):
    assert list(found_by(manager))


def test_each_pin_is_covered_by_a_rule():
    seen = [place for manager in RENOVATE["customManagers"] for place in found_by(manager)]
    missed = []
    for name in tracked():
        if FOREIGN.fullmatch(name):
            continue
        for pin in (found for pattern in PINS for found in re.finditer(pattern, text(name))):
            by_rule = any(file == name and start < pin.end() and pin.start() < end for file, start, end in seen)
            by_manager = MANAGED.fullmatch(name) and not ("sha256:" in pin[0] and name.endswith("pom.xml"))
            if not by_rule and not by_manager:
                missed.append(f"{name}: {pin[0].strip()}")
    assert not missed


def test_the_tests_folders_are_not_ignored():
    """config:recommended would ignore them all."""
    assert not any("test" in path for path in RENOVATE["ignorePaths"])
