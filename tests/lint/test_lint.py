"""The linters; every warning is an error."""

import os
import pathlib
import re
import subprocess

import pytest
from support.machine import ROOT, need, tracked

pytestmark = [pytest.mark.check, pytest.mark.lint]


def lint(*command, **options):
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    assert done.returncode == 0, done.stdout


def tool(name):
    return str(ROOT / ".cache/venv/bin" / name)


def maven(*arguments):
    need("app")
    jdk = subprocess.run([ROOT / "scripts/jdk"], check=True, capture_output=True, text=True).stdout.strip()
    lint("app/maven", *arguments, env={**os.environ, "JAVA_HOME": jdk})


@pytest.mark.needs("shellcheck")
def test_shell_scripts_pass_shellcheck():
    scripts = [name for name in tracked() if b"bash" in (ROOT / name).open("rb").readline()]
    assert "taskw" in scripts
    lint("shellcheck", "--enable=check-unassigned-uppercase", *scripts)


def test_shell_lines_are_within_the_limit():
    """The limit of .editorconfig, which ruff checks for Python and spotless for Java."""
    scripts = [name for name in tracked() if b"bash" in (ROOT / name).open("rb").readline()]
    long = {name: line for name in scripts for line in (ROOT / name).read_text().splitlines() if len(line) > 120}
    assert long == {}


def test_python_passes_ruff():
    lint(tool("ruff"), "check", "--config", "tests/lint/ruff.toml",
        *[name for name in tracked() if is_python(ROOT / name)])


def is_python(path: pathlib.Path):
    return path.suffix == ".py" or (not path.suffix and b"python3" in path.open("rb").readline())


def test_no_test_imports_another():
    """What several tests share is in tests/support, where its name finds it."""
    imports = re.compile(r"^\s*(?:from|import) (?:\w+\.)*test_\w+", re.M)
    assert {name: imports.findall((ROOT / name).read_text())
        for name in tracked("tests/**.py") if imports.search((ROOT / name).read_text())} == {}


def test_yaml_passes_yamllint():
    lint(tool("yamllint"), "--strict", "--config-file", "tests/lint/yamllint.yml", *tracked("*.yml", "*.yaml"))


def test_taskfile_follows_its_schema():
    lint(tool("check-jsonschema"), "--builtin-schema", "vendor.taskfile", *tracked("*Taskfile.yml"))


def test_java_is_formatted():
    maven("--quiet", "spotless:check")


def test_java_has_no_javac_or_error_prone_warning():
    maven("--quiet", "clean", "test-compile", "-Plint")
