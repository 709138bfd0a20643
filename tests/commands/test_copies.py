"""Copies from which the guide's commands removed what their owners do not need: what remains is consistent."""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
from support.images import output
from support.machine import ROOT, cloned

WHOLE = all((ROOT / part).exists() for part in ("app", "stacks/vm", "modules/aws", "modules/azure", "modules/gcp"))
pytestmark = [pytest.mark.check, pytest.mark.skipif(not WHOLE, reason="this is such a copy")]

GUIDE = (ROOT / "stacks/OWN-SERVICE.md").read_text()
REMOVES = dict(re.findall(r"^\| ([\w ]+) \| `(rm -rf [^`]+)`", GUIDE, re.M))
CLOUDS = {"AWS": "aws", "Azure": "azure", "Google Cloud": "gcp"}
COPIES = [
    ("our service",),
    ("AWS", "Google Cloud"),
    ("AWS", "Azure"),
    ("virtual machines", "proofs on an account"),
    ("CircleCI", "GitHub"),
    ("our service", "Azure", "Google Cloud", "platforms", "proofs on an account", "the comparison of the clouds",
        "virtual machines", "CircleCI"),
]
SMALLEST = (*COPIES[-1], "our tests")


@pytest.fixture(scope="module", params=COPIES, ids=", ".join)
def copied(request, tmp_path_factory):
    """The copy's folder, and the parts that were removed from it."""
    folder = cloned(tmp_path_factory.mktemp("copy"))
    for part in request.param:
        output("bash", "-c", REMOVES[part], cwd=folder)
    (folder / ".cache").symlink_to(ROOT / ".cache")
    output("git", "init", "--quiet", cwd=folder)
    yield folder, request.param
    shutil.rmtree(folder)


def pytest_in(folder, *arguments):
    return subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder / "tests", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_every_part_can_be_removed():
    assert set(REMOVES) == {part for copy in (*COPIES, SMALLEST) for part in copy}


def test_the_smallest_copy_has_at_most_15000_lines_and_its_tasks(tmp_path):
    folder = cloned(tmp_path)
    for part in SMALLEST:
        output("bash", "-c", REMOVES[part], cwd=folder)
    (folder / ".cache").symlink_to(ROOT / ".cache")
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".png"
        and not path.is_relative_to(folder / ".cache")]
    assert sum(len(path.read_text().splitlines()) for path in files) <= 15_000
    listed = output(folder / "taskw", env={**os.environ, "NO_COLOR": "1"})
    assert "* deploy-*:" in listed and "* test:" not in listed and "* run:" not in listed
    done = subprocess.run([folder / "taskw", "doctor-aws"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert "Environment production on" in done.stdout and "Traceback" not in done.stdout


def test_only_tests_of_remaining_parts_are_collected(copied):
    folder, removed = copied
    done = pytest_in(folder, "--collect-only")
    assert done.returncode == 0, done.stdout[-4000:]
    for cloud in (CLOUDS[part] for part in removed if part in CLOUDS):
        assert f"test_{cloud}_" not in done.stdout and f"[{cloud}]" not in done.stdout
    assert ("service/test_" in done.stdout) == ("our service" not in removed)


def test_what_needs_no_engine_passes(copied):
    folder, _ = copied
    files = ("clouds/test_contract.py", "clouds/test_guides.py", "clouds/test_modules.py", "lint/test_lint.py",
        "lint/test_lint_terraform.py")
    done = pytest_in(folder, *(file for file in files if (folder / "tests" / file).exists()), "-k",
        "not java and not tflint and not checkov and not without_an_account")
    assert done.returncode == 0, done.stdout[-4000:]


def test_it_lists_its_tasks_and_refuses_others(copied):
    folder, removed = copied
    kept = [cloud for part, cloud in CLOUDS.items() if part not in removed]
    # Task colours its list if CI is set.
    listed = output(folder / "taskw", env={**os.environ, "NO_COLOR": "1"})
    assert ("* run:" in listed) == ("our service" not in removed) and "* deploy-*:" in listed
    for cloud in CLOUDS.values():
        done = subprocess.run([folder / "taskw", f"doctor-{cloud}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True)
        assert "Traceback" not in done.stdout
        assert ("Environment production on" in done.stdout) == (cloud in kept), done.stdout


MINE = {
    "stacks/aws/quotes.auto.tfvars": 'image = "ghcr.io/someone/quotes@sha256:%s"\ninstances = { min = 3, max = 9 }\n'
    % ("1" * 64),
    "stacks/aws/shop.tfvars": 'name = "shop"\ncidr = "10.31.0.0/16"\n',
    "stacks/aws/mine.tf": 'output "mine" {\n  value = module.identity.principal\n}\n',
    "stacks/aws/backend.tf": 'terraform {\n  backend "s3" {}\n}\n',
}


@pytest.mark.parametrize("removed", [(), ("our service", "Azure", "Google Cloud", "virtual machines", "CircleCI")],
    ids=["with all parts", "with one cloud"])
def test_a_copy_merges_the_next_version(removed, tmp_path):
    """The next version changes the top of every existing file, and adds one file to each folder."""
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"

    def git(folder, *arguments, code=0):
        done = subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@example.com", *arguments], cwd=folder,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert code is None or done.returncode == code, done.stdout
        return done

    cloned(theirs)
    git(theirs, "init", "--quiet", "--initial-branch=main")
    git(theirs, "add", "--all", "--force")
    git(theirs, "commit", "--quiet", "--message=N")
    git(theirs, "tag", "-a", "v1.0.0", "-m", "N")
    git(tmp_path, "clone", "--quiet", theirs, ours)

    for part in removed:
        output("bash", "-c", REMOVES[part], cwd=ours)
    for name, text in MINE.items():
        assert not (ours / name).exists()
        (ours / name).write_text(text)
    for workflow in (ours / ".github/workflows").glob("*.yml"):
        workflow.write_text(workflow.read_text().replace("cloud: [aws, azure, gcp]", "cloud: [aws]"))
    git(ours, "add", "--all")
    git(ours, "commit", "--quiet", "--message=Mine")

    names = git(theirs, "ls-files").stdout.split("\n")[:-1]
    assert not [name for name in names if name.endswith(".auto.tfvars") or name in MINE]
    for name in names:
        with contextlib.suppress(UnicodeDecodeError):
            text = (theirs / name).read_text()
            (theirs / name).write_text(f"next version\n{text}")
    for folder in {pathlib.PurePath(name).parent for name in names}:
        (theirs / folder / "next-version").touch()
    git(theirs, "add", "--all", "--force")
    git(theirs, "commit", "--quiet", "--message=N+1")
    git(theirs, "tag", "-a", "v1.1.0", "-m", "N+1")

    # As in the guide.
    git(ours, "fetch", "--quiet", "--tags")
    merged = git(ours, "merge", "v1.1.0", code=None)
    assert (merged.returncode == 0) == (not removed), merged.stdout
    conflicts = {line[3:] for line in git(ours, "status", "--porcelain").stdout.split("\n") if "U" in line[:2]}
    for part in removed:
        output("bash", "-c", REMOVES[part], cwd=ours)
    if removed:
        git(ours, "add", "--all")
        git(ours, "commit", "--quiet", "--no-edit")
    # Only deleted files conflict.
    assert not [name for name in conflicts if (ours / name).exists()]
    assert {name: (ours / name).read_text() for name in MINE} == MINE
    assert (ours / "stacks/aws/main.tf").read_text().startswith("next version\n")
    assert ("cloud: [aws]" in (ours / ".github/workflows/main.yml").read_text())
    assert git(ours, "status", "--porcelain").stdout == ""
    for part in removed:
        for path in REMOVES[part].split()[2:]:
            assert not (ours / path).exists()
