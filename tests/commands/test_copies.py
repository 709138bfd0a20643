"""Copies without what their owners do not need, made by the commands of the guide: what is left hangs together."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from support.images import output
from support.machine import ROOT

WHOLE = all((ROOT / part).exists() for part in ("app", "stacks/vm", "modules/aws", "modules/azure", "modules/gcp"))
pytestmark = [pytest.mark.check, pytest.mark.skipif(not WHOLE, reason="this is such a copy")]

GUIDE = (ROOT / "stacks/OWN-SERVICE.md").read_text()
REMOVES = dict(re.findall(r"^\| ([\w ]+) \| `(rm -rf [^`]+)`", GUIDE, re.M))
CLOUDS = {"AWS": "aws", "Azure": "azure", "Google Cloud": "gcp"}
COPIES = [
    ("our service",),
    ("AWS", "Google Cloud"),
    ("AWS", "Azure"),
    ("virtual machines",),
    ("CircleCI", "GitHub"),
    ("our service", "Azure", "Google Cloud", "virtual machines", "CircleCI"),
]


@pytest.fixture(scope="module", params=COPIES, ids=", ".join)
def copied(request, tmp_path_factory):
    """The folder, and what was taken out of it."""
    folder = tmp_path_factory.mktemp("copy")
    names = output("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    for part in request.param:
        output("bash", "-c", REMOVES[part], cwd=folder)
    (folder / ".cache").symlink_to(ROOT / ".cache")
    output("git", "init", "--quiet", cwd=folder)
    yield folder, request.param
    shutil.rmtree(folder)


def pytest_in(folder, *arguments):
    return subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder / "tests", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_every_part_can_be_taken_out():
    assert set(REMOVES) == {part for copy in COPIES for part in copy}


def test_its_tests_are_found_and_none_of_what_is_gone(copied):
    folder, gone = copied
    done = pytest_in(folder, "--collect-only")
    assert done.returncode == 0, done.stdout[-4000:]
    for cloud in (CLOUDS[part] for part in gone if part in CLOUDS):
        assert f"test_{cloud}_" not in done.stdout and f"[{cloud}]" not in done.stdout
    assert ("service/test_" in done.stdout) == ("our service" not in gone)


def test_what_needs_no_engine_is_green(copied):
    folder, _ = copied
    done = pytest_in(folder, "clouds/test_contract.py", "clouds/test_guides.py", "lint/test_lint.py",
        "lint/test_lint_terraform.py", "-k", "not java and not tflint and not checkov and not without_an_account")
    assert done.returncode == 0, done.stdout[-4000:]


def test_it_lists_the_tasks_that_it_has_and_takes_no_others(copied):
    folder, gone = copied
    kept = [cloud for part, cloud in CLOUDS.items() if part not in gone]
    # Task colours what it lists where CI is set.
    listed = output(folder / "taskw", env={**os.environ, "NO_COLOR": "1"})
    assert ("* run:" in listed) == ("our service" not in gone) and "* deploy-*:" in listed
    for cloud in CLOUDS.values():
        done = subprocess.run([folder / "taskw", f"doctor-{cloud}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True)
        assert "Traceback" not in done.stdout
        assert ("Environment production on" in done.stdout) == (cloud in kept), done.stdout
