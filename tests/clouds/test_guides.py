"""The stacks' guides: commands that need no account are run, all others are marked, and quoted messages exist."""

import argparse
import fnmatch
import re
import shutil
import subprocess
import sys

import pytest
from support.gcp_world import COUNTS
from support.machine import ROOT, clean, need, without
from support.service import tasks

sys.path.insert(0, str(ROOT / "scripts"))

from meridian import cost
from meridian.cli import takes
from meridian.stack import Stack

# A copy may have fewer.
CLOUDS = [cloud for cloud in ("aws", "azure", "gcp") if (ROOT / "stacks" / cloud).exists()]
GUIDES = [stack for cloud in CLOUDS for stack in (cloud, f"vm/{cloud}") if (ROOT / "stacks" / stack).exists()]
MARKS = {"aws": "# needs an AWS account", "azure": "# needs an Azure subscription",
    "gcp": "# needs a Google Cloud project"}
PROVIDERS = {"aws": "aws", "azure": "azurerm", "gcp": "google"}
# Commands that fail without an account, subscription or project.
NEEDS_ACCOUNT = re.compile(
    r"taskw (doctor|plan|deploy|verify|canary|destroy)-|^export |^AWS_|(?<![\w/-])(aws|az|gcloud) (?!--version)\w"
    r"|terraform( -chdir=\S+)? (plan|apply|destroy|output)",
    re.M,
)
# Our messages that the section Troubleshooting quotes: word for word, except for the values in them.
QUOTED = {
    "aws": (
        "zones is ${var.zones}, but the region has",
        "did not become healthy",
        "The tasks have no right to pull image from its ECR repository",
    ),
    "azure": (
        "Waiting until blobs may be written",
        "The service has no right to pull image from its Azure registry",
        "but the subscription",
    ),
    "gcp": (
        "is not ready",
        "image must be in Artifact Registry",
        "Nobody is logged in to Google Cloud",
        "The login to Google Cloud has expired",
        "the Cloud Resource Manager API is off",
        "The login lacks",
        "no longer lists anything of",
    ),
}
EVERYWHERE = ("was pushed, but the apply ended before its digest was recorded", "No JDK 25 was found")


def guide(stack):
    return (ROOT / "stacks" / stack / "README.md").read_text()


def mark(stack):
    return MARKS[stack.rsplit("/", 1)[-1]] + "\n"


def headings(stack):
    return re.findall(r"^## (.*)", guide(stack), re.M)


def blocks(stack):
    return re.findall(r"^```sh\n(.*?)^```", guide(stack), re.M | re.S)


@pytest.mark.parametrize("stack", GUIDES)
def test_every_block_that_needs_an_account_says_so(stack):
    assert len(blocks(stack)) >= (4 if "/" in stack else 9)
    for block in blocks(stack):
        # After `cd stacks/aws` a bare init counts only through the commands that follow it.
        assert block.startswith(mark(stack)) == bool(NEEDS_ACCOUNT.search(block)), block


@pytest.mark.check
@pytest.mark.parametrize("cloud, block",
    [(cloud, block) for cloud in CLOUDS for block in blocks(cloud) if not block.startswith(mark(cloud))])
def test_a_command_without_an_account_works(cloud, block, tmp_path):
    need("terraform")
    need("jdk")
    need("app")
    if "aws --version" in block:
        need("aws-cli")
    if "terraform -chdir" in block:
        need(PROVIDERS[cloud])
    for folder in ("scripts", f"stacks/{cloud}", "modules"):
        # A provider built on this machine does not have the hashes in the lock file.
        shutil.copytree(ROOT / folder, tmp_path / folder,
            ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*", "backend.tf"))
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("target"))
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=tmp_path, env=clean(), text=True,
        capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_all_clouds_have_the_same_headings():
    for cloud in CLOUDS:
        assert headings(cloud) == ["Prerequisites", "Credentials", "Deploy", "Verify", "Cost", "Clean up",
            "Troubleshooting", "Rights"]
    assert len({tuple(headings(stack)) for stack in GUIDES if "/" in stack}) <= 1


@pytest.mark.parametrize("stack", GUIDES)
def test_links_resolve(stack):
    for target in re.findall(r"\]\(([^)#]+)\)", guide(stack)):
        led = (ROOT / "stacks" / stack / target).resolve()
        assert target.startswith("https://") or led.exists() or without(led), target
    anchors = {heading.lower().replace(" ", "-") for heading in re.findall(r"^##+ (.*)", guide(stack), re.M)}
    assert set(re.findall(r"\]\(#([\w-]+)\)", guide(stack))) <= anchors


@pytest.mark.parametrize("stack", GUIDES)
def test_guides_type_existing_tasks_with_settings_that_they_accept(stack):
    typed = re.findall(r"taskw ((?:[a-z][\w-]*)(?: [A-Z_]+=\S*)*)", guide(stack))
    assert typed
    for line in typed:
        assert any(fnmatch.fnmatchcase(line.split()[0], task) for task in tasks()), line
        assert takes(line.split()) == 0, line


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"])
def test_a_page_of_the_project_names_existing_files_and_tasks(name):
    page = (ROOT / name).read_text()
    places = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page) + re.findall(
        r"`((?:app|modules|stacks|scripts|tests)/[\w./-]*)`", page)
    # A user's own files do not exist here.
    assert [place for place in places if not place.endswith(".auto.tfvars") and not (ROOT / place).exists()
        and not without(ROOT / place)] == []
    for line in re.findall(r"taskw ((?:[a-z][\w-]*)(?: [A-Z_]+=\S*)*)", page):
        known = any(fnmatch.fnmatchcase(line.split()[0], task) for task in tasks())
        if without(ROOT / "stacks" / line.split()[0].partition("-")[2].replace("-", "/", 1)) or (
                not known and any(without(ROOT / part) for part in ("app", "proof", "stacks/platform"))):
            continue
        assert known and takes(line.split()) == 0, line


@pytest.mark.skipif("gcp" not in CLOUDS, reason="this copy does without Google Cloud")
def test_the_number_of_resources_on_google_cloud_matches_the_rehearsal():
    """Here, because most machines lack the provider for the rehearsal; the other clouds' rehearsals check it."""
    # Plus the image's push and its digest: the rehearsal gets an image instead.
    assert f"creates {sum(COUNTS.values()) + 2} resources" in guide("gcp")


@pytest.mark.parametrize("place", GUIDES)
def test_the_costs_are_what_the_program_prints_for_the_defaults(place, tmp_path):
    need("terraform")
    folder = tmp_path / "stacks" / place
    folder.mkdir(parents=True)
    for file in (*(ROOT / "stacks" / place).glob("variables*.tf"), ROOT / "stacks" / place / "terraform.tfvars"):
        shutil.copy(file, folder)
    stack = Stack(place, root=tmp_path)
    used = cost.uses(stack, [0, 10, 1000])
    assert "\n".join(cost.table(stack, used)) in guide(place)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_second_service_in_staging_costs_what_the_guide_says_and_at_most_25(cloud, tmp_path, monkeypatch):
    services = pytest.importorskip("meridian.services", reason="platforms were taken out of this copy")
    need("terraform")
    shutil.copytree(ROOT / "stacks", tmp_path / "stacks", ignore=shutil.ignore_patterns(".terraform*", "backend.tf"))
    monkeypatch.setattr(services, "ROOT", tmp_path)
    services.new_service(None, argparse.Namespace(service="orders"))
    stack = Stack(cloud, "staging", root=tmp_path, service="orders")
    used = cost.uses(stack, [0])
    assert "\n".join(cost.table(stack, used)) in guide(cloud)
    preview = Stack(cloud, "staging", root=tmp_path, service="p1")
    for each, what in ((stack, "what one more service costs"), (preview, "A preview is")):
        [idle] = cost.sums(list(cost.rows(each, cost.uses(each, [0]))))
        assert idle <= 25 and f"{idle:.2f}" in (ROOT / "stacks/README.md").read_text().partition(what)[2]
    if "dashboard" in used[0].prices:  # from the account's fourth on
        more = used[0].prices["dashboard"][0]
        assert sum(cost.sums(list(cost.rows(stack, used)))) + more <= 25
        for page in (guide(cloud), (ROOT / "stacks/README.md").read_text()):
            assert re.search(rf"dashboard[^.]*\s{more:.2f}\b", page)


@pytest.mark.parametrize("cloud, message",
    [(cloud, message) for cloud in CLOUDS for message in (*QUOTED[cloud], *EVERYWHERE)])
def test_troubleshooting_quotes_our_messages_word_for_word(cloud, message):
    texts = (
        file.read_text()
        for folder in (f"modules/{cloud}", "modules/image", f"stacks/{cloud}", "scripts")
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and file.suffix in (".tf", ".py", "") and ".terraform" not in file.parts
    )
    assert any(message in text for text in texts)
    assert re.sub(r"\$\{.*?\}", "3", message) in guide(cloud)
