"""scripts/canary from end to end: real Terraform on a stack in small, real requests to a server in small.

The stack in small has the variables and outputs of the real ones. What it "deploys" is a file with
the weights, by which the server divides its answers.
"""

import datetime
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
from doubles.balancer import Server
from support.machine import ROOT

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform")]

STABLE = "localhost:5000/meridian@sha256:" + "a" * 64
GOOD = "localhost:5000/meridian@sha256:" + "b" * 64
HALF_FAILING = "localhost:5000/meridian@sha256:" + "c" * 64
WRONG_TIME = "localhost:5000/meridian@sha256:" + "d" * 64
UNSTARTABLE = "localhost:5000/meridian@sha256:" + "e" * 64

STACK = """
variable "name" { type = string }
variable "image" { type = string }
variable "canary" {
  type    = object({ image = string, percent = number, stable = string })
  default = null
}
resource "terraform_data" "service" {
  triggers_replace = [var.image, var.canary]
  lifecycle { create_before_destroy = true }
  provisioner "local-exec" {
    command     = "./deploy"
    environment = { IMAGE = var.image, CANARY = jsonencode(var.canary) }
  }
}
output "image" { value = var.image }
output "canary" { value = var.canary }
output "revision" { value = var.canary == null ? "revision-of-${var.image}" : var.canary.stable }
output "url" { value = trimspace(file("${path.module}/url")) }
"""

# Slow where the file SLOW names the step: then it says so and waits.
DEPLOY = """#!/bin/sh
case $IMAGE$CANARY in *eeeeeeee*) echo 'the tasks did not become healthy'; exit 1 ;; esac
printf '{"image":"%s","canary":%s}\\n' "$IMAGE" "$CANARY" >wanted
echo "$IMAGE $CANARY" >>applied
while [ -e slow ]; do touch waiting; sleep 0.1; done
mv wanted weights
"""

PROBE = """#!/bin/sh
echo probed >>{folder}/probes
read code <{folder}/probe-exit-code
[ $code = 0 ] && echo "OK: clock +0.1 ms, $1" || echo "Failed: as told, $1"
exit $code
"""


class World:
    def __init__(self, folder):
        self.folder = folder
        self.stack = folder / "stacks" / "aws"
        self.stack.mkdir(parents=True)
        shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "scripts/clouds/aws.py").write_text('TITLE = "AWS"\n')
        (self.stack / "main.tf").write_text(STACK)
        (self.stack / "terraform.tfvars").write_text('name = "meridian"\n')
        (self.stack / "deploy").write_text(DEPLOY)
        (self.stack / "deploy").chmod(0o755)
        (folder / "probe").write_text(PROBE.format(folder=folder))
        (folder / "probe").chmod(0o755)
        self.probe_says(0)
        self.chance = random.Random(11)

    def probe_says(self, code):
        (self.folder / "probe-exit-code").write_text(f"{code}\n")

    def probed(self):
        file = self.folder / "probes"
        return len(file.read_text().splitlines()) if file.exists() else 0

    def weights(self):
        return json.loads((self.stack / "weights").read_text())

    def applied(self):
        """The steps so far, as (image, canary's image, percent)."""
        steps = []
        for line in (self.stack / "applied").read_text().splitlines():
            image, _, canary = line.partition(" ")
            canary = json.loads(canary)
            steps.append((image, canary and canary["image"], canary and canary["percent"]))
        return steps

    def answer(self):
        """Status, version and time of the next answer."""
        weights = self.weights()
        image, canary = weights["image"], weights["canary"]
        if canary and self.chance.random() * 100 < canary["percent"]:
            image = canary["image"]
        status = 500 if image == HALF_FAILING and self.chance.random() < 0.5 else 200
        late = datetime.timedelta(seconds=5 if image == WRONG_TIME else 0)
        return status, image.split("@")[1], datetime.datetime.now(datetime.timezone.utc) + late

    def start(self, **variables):
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TF_")},
            "PROBE": str(self.folder / "probe"),
            "MINUTES": "0.05",
            "ANSWERS": "20",
            "RATE": "60",
            "PERCENT": "20",
            **variables,
        }
        return subprocess.Popen(
            [sys.executable, self.folder / "scripts/canary", "aws"],
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def run(self, code, **variables):
        process = self.start(**variables)
        output, _ = process.communicate(timeout=120)
        assert process.returncode == code, output
        return output

    def kill_when(self, process, condition, number=signal.SIGKILL):
        """Ends the program with all that it started, at a moment that must come."""
        deadline = time.monotonic() + 60
        while not condition():
            assert process.poll() is None, process.stdout.read()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.killpg(process.pid, number)
        process.wait(timeout=60)
        process.stdout.close()
        for file in ("slow", "waiting"):
            (self.stack / file).unlink(missing_ok=True)

    def plan_is_empty(self, image):
        done = subprocess.run(
            ["terraform", f"-chdir={self.stack}", "plan", "-detailed-exitcode", f"-var=image={image}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.returncode == 0


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    with Server(world.answer) as server:
        (world.stack / "url").write_text(server.url)
        for command in (["init"], ["apply", "-auto-approve", f"-var=image={STABLE}"]):
            subprocess.run(["terraform", f"-chdir={world.stack}", *command], check=True, stdout=subprocess.DEVNULL)
        yield world


def test_a_clean_canary_gets_its_share_is_watched_and_promoted(world):
    output = world.run(0, IMAGE=GOOD)
    assert world.applied()[1:] == [(STABLE, GOOD, 20), (GOOD, None, None)]
    assert world.plan_is_empty(GOOD)
    assert "Promoted" in output and "the canary gave" in output
    assert (world.folder / "probes").exists()


def test_a_half_failing_canary_behind_a_healthy_stable_is_withdrawn(world):
    output = world.run(1, IMAGE=HALF_FAILING)
    assert world.applied()[1:] == [(STABLE, HALF_FAILING, 20), (STABLE, HALF_FAILING, 0), (STABLE, None, None)]
    assert world.plan_is_empty(STABLE)
    assert "of the canary's" in output and "Withdrawn" in output


def test_a_canary_with_a_wrong_clock_is_withdrawn(world):
    world.run(1, IMAGE=WRONG_TIME)
    assert world.weights() == {"image": STABLE, "canary": None}


def test_a_canary_that_does_not_start_is_withdrawn(world):
    output = world.run(1, IMAGE=UNSTARTABLE)
    assert "could not be put in place" in output and "Withdrawn" in output
    assert world.weights() == {"image": STABLE, "canary": None}


def test_too_little_traffic_waits_and_then_withdraws(world):
    output = world.run(1, IMAGE=GOOD, RATE="2", PATHS="/now")
    assert "of 20 answers" in output
    assert world.weights() == {"image": STABLE, "canary": None}


def test_a_probe_that_fails_before_anything_began_changes_nothing(world):
    world.probe_says(1)
    output = world.run(2, IMAGE=GOOD)
    assert "Nothing was changed" in output and len(world.applied()) == 1


def test_a_probe_that_finds_the_clock_wrong_while_watching_withdraws(world):
    process = world.start(IMAGE=GOOD, MINUTES="0.5")
    while len(world.applied()) < 2:
        time.sleep(0.05)
    world.probe_says(1)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 1 and "clock outside" in output


def test_a_probe_that_is_out_for_a_while_is_survived(world):
    process = world.start(IMAGE=GOOD, MINUTES="0.1")
    while len(world.applied()) < 2:
        time.sleep(0.05)
    world.probe_says(2)
    time.sleep(3)
    world.probe_says(0)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output


STEPS = {
    "before the canary stands": (GOOD, 1, 0),
    "while it is watched": (GOOD, None, 0),
    "while it is promoted": (GOOD, 2, 0),
    "while its requests go back": (HALF_FAILING, 2, 1),
    "while it goes": (HALF_FAILING, 3, 1),
}


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_the_same_command_goes_on(world, step):
    image, slow_after, code = STEPS[step]
    if slow_after is None:
        process = world.start(IMAGE=image, MINUTES="5")
        # The first probe comes before anything begins, the second while it is watched.
        world.kill_when(process, lambda: world.probed() > 1)
    else:
        process = world.start(IMAGE=image)
        while len(world.applied()) < slow_after:
            time.sleep(0.02)
        (world.stack / "slow").touch()
        world.kill_when(process, lambda: (world.stack / "waiting").exists())
    before = len(world.applied())
    world.run(code, IMAGE=image)
    end = GOOD if code == 0 else STABLE
    assert world.weights() == {"image": end, "canary": None}
    assert world.plan_is_empty(end)
    assert len(world.applied()) > before


def test_interrupted_it_leaves_what_was_applied_and_says_how_to_go_on(world):
    process = world.start(IMAGE=GOOD, MINUTES="5")
    while not (world.stack / "weights").exists() or not world.weights()["canary"]:
        time.sleep(0.05)
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130 and "WITHDRAW=1" in output
    assert world.weights()["canary"]["percent"] == 20
    refused = world.run(2, IMAGE=HALF_FAILING)
    assert "has 20 % of the requests" in refused
    world.run(0, WITHDRAW="1")
    assert world.weights() == {"image": STABLE, "canary": None}
    assert world.run(0, WITHDRAW="1").strip().endswith("No canary was begun.")


def test_interrupted_in_an_apply_terraform_ends_in_good_order(world):
    process = world.start(IMAGE=GOOD, MINUTES="5")
    (world.stack / "slow").touch()
    while not (world.stack / "waiting").exists():
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    time.sleep(0.5)
    (world.stack / "slow").unlink()
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    world.run(0, IMAGE=GOOD)
    assert world.weights() == {"image": GOOD, "canary": None}


@pytest.mark.parametrize(
    ("variables", "names"),
    [
        ({}, "IMAGE"),
        ({"IMAGE": "meridian:latest"}, "IMAGE"),
        ({"IMAGE": GOOD, "PERCENT": "51"}, "PERCENT"),
        ({"IMAGE": GOOD, "PERCENT": "ten"}, "PERCENT"),
        ({"IMAGE": GOOD, "MINUTES": "0"}, "MINUTES"),
        ({"IMAGE": GOOD, "RATE": "-1"}, "RATE"),
        ({"IMAGE": GOOD, "PATHS": "now"}, "PATHS"),
        ({"IMAGE": GOOD, "ANSWERS": "1.5"}, "ANSWERS"),
        ({"IMAGE": GOOD, "ENV": "Staging!"}, "ENV"),
    ],
)
def test_settings_that_mean_nothing_are_refused_by_name(world, variables, names):
    assert names in world.run(2, **variables)
    assert len(world.applied()) == 1


def test_without_anything_deployed_it_says_what_comes_first(world):
    (world.stack / "terraform.tfstate").unlink()
    assert "task deploy-aws" in world.run(2, IMAGE=GOOD)
