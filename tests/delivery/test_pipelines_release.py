"""What the pipelines do to a cloud: publish, plan, release, roll back; with real registries, and real Terraform on a
miniature stack."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
from support.emulators import docker_registry, push
from support.machine import ROOT, clean, ran
from support.canary_world import GOOD, HALF_FAILING, STABLE, UNSTARTABLE

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "docker-registry", "skopeo")]

# In place of look.py, the look from outside: a deployment is wrong if its image is the failing one.
LOOK = """import json
def look(stack):
    return "cccc" in json.loads((stack.folder / "weights").read_text())["image"]
"""


LISTENER = 'resource "terraform_data" "listener" { input = "of the plan" }\n'
FAILS = """resource "terraform_data" "fails" {
  depends_on = [terraform_data.service, terraform_data.listener]
  provisioner "local-exec" { command = "echo no such thing >&2; exit 1" }
}
"""


def apply(world, *arguments):
    subprocess.run(["terraform", f"-chdir={world.stack}", "apply", "-auto-approve", *arguments], check=True,
        stdout=subprocess.DEVNULL)


def outputs(world, **environment):
    shown = subprocess.run(["terraform", f"-chdir={world.stack}", "output", "-json"], check=True,
        stdout=subprocess.PIPE,
        env={**os.environ, **environment}).stdout
    return {name: output["value"] for name, output in json.loads(shown).items()}


def resources(world):
    return subprocess.run(["terraform", f"-chdir={world.stack}", "state", "list"], check=True, text=True,
        stdout=subprocess.PIPE).stdout.split()


def run(world, *arguments, code=0, **environment):
    return ran(sys.executable, world.folder / "scripts/meridian", *arguments, env=clean(**environment),
        codes=(code,)).stdout


@pytest.fixture
def released(world):
    (world.folder / "scripts/meridian/look.py").write_text(LOOK)
    shutil.copytree(ROOT / "modules/image", world.folder / "modules/image", ignore=shutil.ignore_patterns(".terraform"))
    return world


def test_a_release_applies_and_verifies_the_saved_plan(released):
    run(released, "plan", "aws", "--save", IMAGE=GOOD)
    summary = released.folder / "summary"
    assert "no pull request" in run(released, "comment", "aws", GITHUB_STEP_SUMMARY=str(summary))
    assert "Plan: 1 to add" in summary.read_text()
    reported = released.folder / "output"
    run(released, "release", "aws", GITHUB_OUTPUT=str(reported))
    assert released.weights()["image"] == GOOD and "url=http" in reported.read_text()


def test_a_failing_verify_rolls_back_to_the_image_that_ran(released):
    run(released, "plan", "aws", "--save", IMAGE=HALF_FAILING)
    said = run(released, "release", "aws", code=1)
    assert [step[0] for step in released.applied()] == [STABLE, HALF_FAILING, STABLE]
    assert f"rolled back to {STABLE}, which passes" in said
    assert released.plan_is_empty(STABLE)


@pytest.mark.parametrize(("image", "code", "served"), [(GOOD, 0, GOOD), (HALF_FAILING, 1, STABLE)])
def test_somebody_elses_service_is_released_by_its_own_checks(foreign, image, code, served):
    """With the real look.py, except for ports that this machine itself may have open."""
    cloud = foreign.folder / "scripts/meridian/cloud.py"
    cloud.write_text(cloud.read_text().replace("closed = (22, 8080, 8081)", "closed = ()"))
    run(foreign, "plan", "aws", "--save", IMAGE=image)
    said = run(foreign, "release", "aws", code=code)
    assert foreign.weights()["image"] == served and "GET /quote" in said and "clock" not in said, said


def test_a_stale_plan_is_refused_and_the_newer_deployment_stays(released):
    run(released, "plan", "aws", "--save", IMAGE=HALF_FAILING)
    # The newer deployment adds a resource that this checkout does not know.
    added = released.stack / "listener.tf"
    added.write_text(LISTENER)
    apply(released, f"-var=image={GOOD}")
    added.unlink()
    said = run(released, "release", "aws", code=1)
    assert "stale" in said and "run the whole workflow" in said and "Rolling back" not in said
    assert released.weights()["image"] == GOOD and "terraform_data.listener" in resources(released)


def test_a_missing_plan_or_a_locked_state_changes_nothing_and_names_the_next_step(released):
    said = run(released, "release", "aws", code=1)
    assert "release.tfplan is missing" in said and "--save" in said
    run(released, "plan", "aws", "--save", IMAGE=HALF_FAILING)
    # An apply in progress holds the lock, for longer than the release is willing to wait here.
    terraform = released.folder / "scripts/meridian/terraform.py"
    terraform.write_text(terraform.read_text().replace("-lock-timeout=300s", "-lock-timeout=1s"))
    (released.stack / "slow").touch()
    other = subprocess.Popen(["terraform", f"-chdir={released.stack}", "apply", "-auto-approve", f"-var=image={GOOD}"],
        stdout=subprocess.DEVNULL)
    while not (released.stack / "waiting").exists():
        time.sleep(0.05)
    said = run(released, "release", "aws", code=1)
    assert "acquiring the state lock" in said and "Nothing was changed" in said and "Rolling back" not in said
    (released.stack / "slow").unlink()
    assert other.wait(60) == 0 and released.weights()["image"] == GOOD


def test_a_rollback_changes_only_the_image(released):
    (released.stack / "listener.tf").write_text(LISTENER)
    run(released, "plan", "aws", "--save", IMAGE=HALF_FAILING)
    # As if the checkout had changed meanwhile: a full apply would destroy "listener" and create "other".
    (released.folder / "scripts/meridian/look.py").write_text(
        LOOK.replace("return", """file = stack.folder / "listener.tf"
    if file.exists(): file.write_text(file.read_text().replace("listener", "other").replace("of the plan", "newer"))
    return""").replace("import json", "import json", 1))
    said = run(released, "release", "aws", code=1)
    assert f"rolled back to {STABLE}, which passes" in said and released.weights()["image"] == STABLE
    assert "terraform_data.listener" in resources(released) and "terraform_data.other" not in resources(released)
    assert "Not rolled back" in said and outputs(released)["image"] == STABLE


def test_a_release_whose_image_does_not_start_is_rolled_back(released):
    run(released, "plan", "aws", "--save", IMAGE=UNSTARTABLE)
    said = run(released, "release", "aws", code=1)
    assert "did not become healthy" in said and f"rolled back to {STABLE}, which passes" in said
    assert released.weights()["image"] == STABLE == outputs(released)["image"]


def test_a_release_that_fails_halfway_is_rolled_back_without_what_failed(released):
    (released.stack / "listener.tf").write_text(LISTENER + FAILS)
    run(released, "plan", "aws", "--save", IMAGE=GOOD)
    said = run(released, "release", "aws", code=1)
    assert f"rolled back to {STABLE}, which passes" in said and released.weights()["image"] == STABLE
    assert said.count("terraform_data.fails: Creating...") == 1, "what failed was tried again"
    assert outputs(released)["image"] == STABLE


def test_a_release_of_the_running_image_has_nothing_to_roll_back_to(released):
    (released.stack / "listener.tf").write_text(LISTENER + FAILS)
    run(released, "plan", "aws", "--save", IMAGE=STABLE)
    said = run(released, "release", "aws", code=1)
    assert "no other image to roll back to" in said and len(released.applied()) == 1


def test_a_release_that_withdraws_a_canary_reports_it(released):
    apply(released, f"-var=image={STABLE}", f'-var=canary={{"image": "{GOOD}", "percent": 10, "stable": "r"}}')
    run(released, "plan", "aws", "--save", IMAGE=HALF_FAILING)
    said = run(released, "release", "aws", code=1)
    assert "A canary is running" in said and "this apply withdraws it" in said
    assert released.weights() == {"image": STABLE, "canary": None}


def test_a_cancelled_release_keeps_what_was_applied_and_no_lock(released):
    run(released, "plan", "aws", "--save", IMAGE=GOOD)
    (released.stack / "slow").touch()
    process = subprocess.Popen([sys.executable, released.folder / "scripts/meridian", "release", "aws"], env=clean(),
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    while not (released.stack / "waiting").exists():
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    (released.stack / "slow").unlink()
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130 and "Interrupted" in said and "Rolling back" not in said, said
    run(released, "plan", "aws", "--save", IMAGE=GOOD)
    run(released, "release", "aws")


def test_the_first_release_on_an_empty_account(released):
    (released.stack / "terraform.tfstate").unlink()
    run(released, "plan", "aws", "--save", IMAGE=GOOD)
    run(released, "release", "aws")
    assert released.weights()["image"] == GOOD


def test_a_failed_first_release_reports_that_there_is_nothing_to_roll_back_to(released):
    (released.stack / "terraform.tfstate").unlink()
    run(released, "plan", "aws", "--save", IMAGE=HALF_FAILING)
    said = run(released, "release", "aws", code=1)
    assert "nothing to roll back to" in said and released.weights()["image"] == HALF_FAILING


def test_staging_beside_production(released):
    (released.stack / "staging.tfvars").write_text('name = "meridian-staging"\n')
    run(released, "plan", "aws", "--save", IMAGE=GOOD, ENV="staging")
    run(released, "release", "aws", ENV="staging")
    for environment, image in (("default", STABLE), ("staging", GOOD)):
        assert outputs(released, TF_WORKSPACE=environment)["image"] == image


def test_drift_has_an_exit_code_and_a_withdrawn_canary_is_no_drift(released):
    assert "none" in run(released, "drift", "aws")
    released.run(1, IMAGE=HALF_FAILING)
    assert "none" in run(released, "drift", "aws")
    before = released.probed()
    process = released.start(IMAGE=GOOD, MINUTES="5")
    # The first probe runs before anything begins, the second while the canary is watched.
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


def digest(image):
    return subprocess.run(["skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}", f"docker://{image}"],
        check=True, text=True, stdout=subprocess.PIPE).stdout.strip()


def running(repository):
    """Digests under the tags of deployments to production, which no purge deletes; the last is the newest."""
    tags = subprocess.run(["skopeo", "list-tags", "--tls-verify=false", f"docker://{repository}"], check=True,
        stdout=subprocess.PIPE).stdout
    return [digest(f"{repository}:{tag}") for tag in sorted(json.loads(tags)["Tags"])
        if re.fullmatch(r"runs-production-\d{14}", tag)]


def test_an_image_deployed_by_hand_is_kept_in_the_shared_registry_too(released, registries, tmp_path):
    _, cloud = registries
    image = push(tmp_path / "image", cloud, "image")
    with open(released.stack / "variables.tf", "a") as file:
        file.write('variable "region" { default = "us-east-1" }\n')
    said = {"Account": "1", "Arn": "arn:aws:iam::1:user/a", "AvailabilityZones": [{"ZoneName": "a"}, {"ZoneName": "b"}]}
    (tmp_path / "aws").write_text(f"#!/bin/sh\n[ $1 = --version ] && echo aws-cli/2.9 || echo '{json.dumps(said)}'\n")
    (tmp_path / "aws").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    (released.stack / "bootstrap.auto.tfvars").write_text(f'repository_url = "{cloud}/someone/meridian"\n')
    assert "Serves at" in run(released, "deploy", "aws", IMAGE=image, PATH=path)
    assert running(f"{cloud}/someone/meridian") == [image.split("@")[1]]
    (released.stack / "bootstrap.auto.tfvars").write_text('repository_url = "localhost:1/meridian"\n')
    said = run(released, "deploy", "aws", IMAGE=f"localhost:1/meridian@{image.split('@')[1]}", PATH=path)
    assert "docker://localhost:1/meridian:runs-production-1" in said and "Serves at" in said


def test_a_cloud_gets_the_image_once_and_bit_for_bit(released, registries, tmp_path):
    public, cloud = registries
    first = push(tmp_path / "first", public, "first")
    (released.stack / "bootstrap.auto.tfvars").write_text(f'repository_url = "{cloud}/meridian"\n')
    reported = tmp_path / "output"
    assert "Copied" in run(released, "publish", "aws", SOURCE=first, TAG="commit", GITHUB_OUTPUT=str(reported))
    assert reported.read_text() == f"image={cloud}/meridian@{first.split('@')[1]}\n"
    assert "there already" in run(released, "publish", "aws", SOURCE=first, TAG="commit")
    assert running(f"{cloud}/meridian")[-1] == first.split("@")[1]
    second = push(tmp_path / "second", public, "second")
    assert "built twice" in run(released, "publish", "aws", SOURCE=second, TAG="commit", code=1)
    # An older image, whose commit is not given.
    for said in ("Copied", "there already"):
        assert said in run(released, "publish", "aws", SOURCE=second, TAG="")


@pytest.mark.parametrize(
    ("variables", "said"),
    [({"SOURCE": "meridian:latest", "TAG": "a"}, "SOURCE"), ({"SOURCE": GOOD, "TAG": "a b"}, "TAG"),
        ({"SOURCE": GOOD, "TAG": "a"}, "./taskw bootstrap-aws")],
)
def test_publish_refuses_what_it_cannot_push(released, variables, said):
    assert said in run(released, "publish", "aws", code=1, **variables)
