"""The commands of stacks/aws/README.md: those that need no account are run, the others are marked."""

import os
import re
import shutil
import subprocess

import pytest

from conftest import ROOT, need

GUIDE = ROOT / "stacks/aws/README.md"
MARK = "# needs an AWS account"
# What gets nowhere without credentials.
NEEDS_ACCOUNT = re.compile(
    r"taskw (doctor|plan|deploy|verify|canary|destroy)-aws|^(export )?AWS_|(?<![\w/-])aws (?!--version)\w"
    r"|terraform( -chdir=\S+)? (plan|apply|destroy|output)",
    re.M,
)
HEADINGS = ["Prerequisites", "Credentials", "Deploy", "Verify", "Cost", "Clean up", "Troubleshooting", "Rights"]


def blocks():
    return re.findall(r"^```sh\n(.*?)^```", GUIDE.read_text(), re.M | re.S)


def test_every_block_that_needs_an_account_says_so():
    assert len(blocks()) > 8
    for block in blocks():
        marked = block.startswith(MARK + "\n")
        # After `cd stacks/aws` a bare init belongs to what follows it.
        assert marked == bool(NEEDS_ACCOUNT.search(block)), block


@pytest.mark.parametrize("block", [block for block in blocks() if not block.startswith(MARK)])
def test_a_command_without_an_account_works(block, tmp_path):
    need("terraform")
    need("aws-cli")
    if "terraform -chdir" in block:
        need("aws")
    for folder in ("scripts", "stacks/aws", "modules"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns(".terraform", "*.tfstate*", "backend.tf"))
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("target"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=tmp_path, env=environment, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_headings_are_those_of_every_cloud():
    assert re.findall(r"^## (.*)", GUIDE.read_text(), re.M) == HEADINGS


def test_its_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", GUIDE.read_text()):
        if not target.startswith("https://"):
            # The guides of the other clouds and the bootstrap stand beside this one.
            assert (GUIDE.parent / target).exists() or target.startswith(("../azure", "../gcp", "../bootstrap")), target
    for anchor in re.findall(r"\]\(#([\w-]+)\)", GUIDE.read_text()):
        assert anchor in {heading.lower().replace(" ", "-") for heading in HEADINGS}


def test_the_costs_add_up():
    rows = re.findall(r"^\| .* \| .* \| ([\d.]+) \| ([\d.]+) \|$", GUIDE.read_text(), re.M)
    sums = re.search(r"\*\*Sum\*\* \| \| \*\*([\d.]+)\*\* \| \*\*([\d.]+)\*\*", GUIDE.read_text()).groups()
    assert len(rows) == 11
    for column, total in enumerate(sums):
        assert sum(float(row[column]) for row in rows) == pytest.approx(float(total))


def test_what_troubleshooting_quotes_of_ours_is_what_we_say():
    """Each message in the first column that one of our files gives is still there, word for word."""
    ours = [
        "zones is ${var.zones}, but the region has",
        "The new tasks did not become healthy and ECS went back to",
        "image is in a repository of ECR that the tasks may not pull from",
        "was pushed, but the apply ended before its digest was recorded",
        "No JDK 25 was found",
        "lists nothing of",
    ]
    texts = "".join(
        file.read_text()
        for folder in ("modules/aws", "modules/image", "stacks/aws", "scripts")
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and file.suffix in (".tf", ".py", "") and ".terraform" not in file.parts
    )
    guide = GUIDE.read_text()
    for message in ours:
        assert message in texts, message
        assert re.sub(r"\$\{.*?\}", "3", message) in guide, message


def test_tasks_that_it_names_exist():
    tasks = set(re.findall(r"^  ([\w-]+):$", (ROOT / "Taskfile.yml").read_text(), re.M))
    named = set(re.findall(r"taskw ([\w-]+)", GUIDE.read_text()))
    assert named - tasks <= {"canary-aws"}
