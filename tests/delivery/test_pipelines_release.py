"""What the pipelines do to a cloud: publish, plan, release, roll back; with real registries and real Terraform on a
stack in small."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from support.emulators import docker_registry, push
from support.machine import ROOT
from support.canary_world import GOOD, HALF_FAILING, STABLE

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "docker-registry", "skopeo")]

# In place of what looks from outside: what was deployed is wrong if it is the image that fails.
LOOK = """import json
def look(stack):
    return "cccc" in json.loads((stack.folder / "weights").read_text())["image"]
"""


def run(world, *arguments, code=0, **environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "GITHUB_", "CIRCLE"))}
    done = subprocess.run(
        [sys.executable, world.folder / "scripts/meridian", *arguments],
        env={**clean, **environment},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == code, done.stdout
    return done.stdout


@pytest.fixture
def released(world):
    (world.folder / "scripts/meridian/look.py").write_text(LOOK)
    shutil.copytree(ROOT / "modules/image", world.folder / "modules/image", ignore=shutil.ignore_patterns(".terraform"))
    return world


def test_a_release_applies_the_plan_that_was_saved_and_verifies_it(released):
    run(released, "plan", "aws", "--save", IMAGE=GOOD)
    summary = released.folder / "summary"
    assert "no pull request" in run(released, "comment", "aws", GITHUB_STEP_SUMMARY=str(summary))
    assert "Plan: 1 to add" in summary.read_text()
    told = released.folder / "output"
    run(released, "release", "aws", GITHUB_OUTPUT=str(told))
    assert released.weights()["image"] == GOOD and "url=http" in told.read_text()


def test_a_failing_verify_rolls_back_to_the_image_that_ran(released):
    run(released, "plan", "aws", "--save", IMAGE=HALF_FAILING)
    said = run(released, "release", "aws", code=1)
    assert [step[0] for step in released.applied()] == [STABLE, HALF_FAILING, STABLE]
    assert f"rolled back to {STABLE}, which passes" in said
    assert released.plan_is_empty(STABLE)


def test_a_plan_that_somebody_overtook_is_refused_and_what_they_deployed_stays(released):
    run(released, "plan", "aws", "--save", IMAGE=HALF_FAILING)
    subprocess.run(
        ["terraform", f"-chdir={released.stack}", "apply", "-auto-approve", f"-var=image={GOOD}"], check=True,
        stdout=subprocess.DEVNULL
    )
    said = run(released, "release", "aws", code=1)
    assert "stale" in said and released.weights()["image"] == GOOD


def test_the_first_release_on_an_empty_account(released):
    (released.stack / "terraform.tfstate").unlink()
    run(released, "plan", "aws", "--save", IMAGE=GOOD)
    run(released, "release", "aws")
    assert released.weights()["image"] == GOOD


def test_a_first_release_that_fails_has_nothing_to_go_back_to_and_says_so(released):
    (released.stack / "terraform.tfstate").unlink()
    run(released, "plan", "aws", "--save", IMAGE=HALF_FAILING)
    said = run(released, "release", "aws", code=1)
    assert "nothing to roll back to" in said and released.weights()["image"] == HALF_FAILING


def test_staging_beside_production(released):
    (released.stack / "staging.tfvars").write_text('name = "meridian-staging"\n')
    run(released, "plan", "aws", "--save", IMAGE=GOOD, ENV="staging")
    run(released, "release", "aws", ENV="staging")
    for environment, image in (("default", STABLE), ("staging", GOOD)):
        shown = subprocess.run(
            ["terraform", f"-chdir={released.stack}", "output", "-json"],
            env={**os.environ, "TF_WORKSPACE": environment}, stdout=subprocess.PIPE, check=True
        )
        assert json.loads(shown.stdout)["image"]["value"] == image


def test_drift_is_told_with_an_exit_code_and_a_withdrawn_canary_is_none(released):
    assert "none" in run(released, "drift", "aws")
    released.run(1, IMAGE=HALF_FAILING)
    assert "none" in run(released, "drift", "aws")
    before = released.probed()
    process = released.start(IMAGE=GOOD, MINUTES="5")
    # The first probe comes before anything begins, the second while it is watched.
    released.kill_when(process, lambda: released.probed() > before + 1)
    assert "none" in run(released, "drift", "aws"), "a canary that runs is as it was asked for"
    subprocess.run(["terraform", f"-chdir={released.stack}", "state", "rm", "terraform_data.service"], check=True,
        stdout=subprocess.DEVNULL)
    assert "see the plan" in run(released, "drift", "aws", code=2)


@pytest.fixture
def registries(tmp_path):
    started = []
    for name in ("public", "cloud"):
        folder = tmp_path / name
        folder.mkdir()
        started.append(docker_registry(folder))
    yield [f"127.0.0.1:{emulator.port}" for emulator in started]
    for emulator in started:
        emulator.stop()


def test_a_cloud_gets_the_image_bit_for_bit_and_once(released, registries, tmp_path):
    public, cloud = registries
    first = push(tmp_path / "first", public, "first")
    (released.stack / "bootstrap.auto.tfvars").write_text(f'repository_url = "{cloud}/meridian"\n')
    told = tmp_path / "output"
    assert "Copied" in run(released, "publish", "aws", SOURCE=first, TAG="commit", GITHUB_OUTPUT=str(told))
    assert told.read_text() == f"image={cloud}/meridian@{first.split('@')[1]}\n"
    assert "there already" in run(released, "publish", "aws", SOURCE=first, TAG="commit")
    second = push(tmp_path / "second", public, "second")
    assert "built twice" in run(released, "publish", "aws", SOURCE=second, TAG="commit", code=1)


@pytest.mark.parametrize(
    ("variables", "said"),
    [({"SOURCE": "meridian:latest", "TAG": "a"}, "SOURCE"), ({"SOURCE": GOOD, "TAG": "a b"}, "TAG"),
        ({"SOURCE": GOOD, "TAG": "a"}, "./taskw bootstrap-aws")],
)
def test_publish_refuses_what_it_cannot_push(released, variables, said):
    assert said in run(released, "publish", "aws", code=1, **variables)
