"""The commands of stacks/gcp/README.md: those that need no project are run, the others are marked."""

import os
import re
import shutil
import subprocess

import pytest
from test_gcp_rehearsal import COUNTS

from conftest import ROOT, need

GUIDE = ROOT / "stacks/gcp/README.md"
MARK = "# needs a Google Cloud project"
# What gets nowhere without a project.
NEEDS_PROJECT = re.compile(
    r"taskw (doctor|plan|deploy|verify|canary|destroy)-gcp|^export |(?<![\w/-])gcloud |terraform( -chdir=\S+)? (plan|apply|destroy|output)", re.M
)


def blocks():
    return re.findall(r"^```sh\n(.*?)^```", GUIDE.read_text(), re.M | re.S)


def test_every_block_that_needs_a_project_says_so():
    assert len(blocks()) > 8
    for block in blocks():
        assert block.startswith(MARK + "\n") == bool(NEEDS_PROJECT.search(block)), block


@pytest.mark.parametrize("block", [block for block in blocks() if not block.startswith(MARK)])
def test_a_command_without_a_project_works(block, tmp_path):
    need("terraform")
    need("jdk")
    if "terraform -chdir" in block:
        need("google")
    for folder in ("scripts", "stacks/gcp", "modules"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns(".terraform", "*.tfstate*", "backend.tf"))
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("target"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GOOGLE_")}
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=tmp_path, env=environment, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_headings_are_those_of_every_cloud():
    headings = re.findall(r"^## (.*)", GUIDE.read_text(), re.M)
    assert headings == re.findall(r"^## (.*)", (ROOT / "stacks/aws/README.md").read_text(), re.M)


def test_its_links_lead_somewhere():
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^## (.*)", GUIDE.read_text(), re.M)}
    for target in re.findall(r"\]\(([^)#]+)\)", GUIDE.read_text()):
        assert target.startswith("https://") or (GUIDE.parent / target).exists(), target
    for anchor in re.findall(r"\]\(#([\w-]+)\)", GUIDE.read_text()):
        assert anchor in headings


def test_the_costs_add_up():
    rows = re.findall(r"^\| .* \| .* \| ([\d.]+) \| ([\d.]+) \|$", GUIDE.read_text(), re.M)
    sums = re.search(r"\*\*Sum\*\* \| \| \*\*([\d.]+)\*\* \| \*\*([\d.]+)\*\*", GUIDE.read_text()).groups()
    assert len(rows) == 12
    for column, total in enumerate(sums):
        assert sum(float(row[column]) for row in rows) == pytest.approx(float(total))


def test_the_number_of_resources_is_that_of_the_rehearsal():
    # The image's push and its digest besides, which the rehearsal is given.
    assert f"creates {sum(COUNTS.values()) + 2} resources" in GUIDE.read_text()


def test_what_troubleshooting_quotes_of_ours_is_what_we_say():
    """Each message in the first column that one of our files gives is still there, word for word."""
    ours = [
        "is not ready",
        "image must be in Artifact Registry",
        "was pushed, but the apply ended before its digest was recorded",
        "Nobody is logged in to Google Cloud",
        "The login to Google Cloud has expired",
        "its first interface is off",
        "The login lacks",
        "No JDK 25 was found",
        "lists nothing of",
    ]
    texts = "".join(
        file.read_text()
        for folder in ("modules/gcp", "modules/image", "stacks/gcp", "scripts")
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and file.suffix in (".tf", ".py", "") and ".terraform" not in file.parts
    )
    # The longer ones break where a conditional expression chooses the end.
    for message in ours:
        assert message in texts, message
        assert message in GUIDE.read_text(), message


def test_tasks_that_it_names_exist():
    tasks = set(re.findall(r"^  ([\w-]+):$", (ROOT / "Taskfile.yml").read_text(), re.M))
    assert set(re.findall(r"taskw ([\w-]+)", GUIDE.read_text())) - tasks <= {"canary-gcp"}
