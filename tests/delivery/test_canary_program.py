"""The canary end to end: real Terraform on a miniature stack, real requests to a miniature server.

The miniature stack has the variables and outputs of the real ones. What it "deploys" is a file of weights, by which the
server divides its responses.
"""

import datetime
import json
import os
import signal
import subprocess
import time

import pytest
import yaml
from support.canary_world import GOOD, HALF_FAILING, STABLE, UNSTARTABLE, WRONG_TIME
from support.machine import ROOT

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform")]


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
    assert "fails more often than the stable version" in output and "Withdrawn" in output


def test_a_canary_with_a_wrong_clock_is_withdrawn(world):
    world.run(1, IMAGE=WRONG_TIME)
    assert world.weights() == {"image": STABLE, "canary": None}


def test_a_canary_that_does_not_start_is_withdrawn(world):
    output = world.run(1, IMAGE=UNSTARTABLE)
    assert "could not be put in place" in output and "Withdrawn" in output
    assert world.weights() == {"image": STABLE, "canary": None}


@pytest.mark.parametrize(("settings", "way"), [
    ({"RATE": "2"}, "MINUTES="),
    ({"MINUTES": "0.02"}, "MINUTES="),
    ({"PERCENT": "1"}, "MINUTES="),
    ({"RESPONSES": "100000"}, "MINUTES="),
    ({"RESPONSES": "38"}, "RESPONSES=39"),
    ({"FAILED_PERCENT": "1"}, "RESPONSES="),
])
def test_settings_that_cannot_reach_a_verdict_are_refused_before_anything_changes(world, settings, way):
    said = world.run(2, IMAGE=GOOD, **settings)
    assert "there may be no verdict" in said and way in said and len(world.applied()) == 1


def test_the_probe_is_built_once_however_long_that_takes(world):
    """A build that is cut short would keep running beside the next."""
    watch = world.folder / "scripts/meridian/watch.py"
    watch.write_text(watch.read_text().replace("PROBE_TIMEOUT_SECONDS = 60", "PROBE_TIMEOUT_SECONDS = 1"))
    maven = world.folder / "app/maven"
    maven.parent.mkdir()
    (maven.parent / "pom.xml").touch()
    maven.write_text("#!/bin/sh\ncd $(dirname $0) && echo begun >>builds && sleep 3 && mkdir -p target/classes/meridian"
        " && : >target/classpath && : >target/classes/meridian/Main.class\n")
    maven.chmod(0o755)
    # The probe that is built here does not report OK.
    assert "The probe does not report OK" in world.run(2, IMAGE=GOOD, PROBE="")
    assert (maven.parent / "builds").read_text() == "begun\n" and (maven.parent / "target/classpath").exists()


def test_a_probe_that_fails_at_the_start_changes_nothing(world):
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


def test_a_probe_that_fails_for_a_while_is_tolerated(world):
    process = world.start(IMAGE=GOOD, MINUTES="0.1")
    while len(world.applied()) < 2:
        time.sleep(0.05)
    world.probe_says(2)
    time.sleep(3)
    world.probe_says(0)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output


@pytest.mark.parametrize(("image", "code", "served"), [(GOOD, 0, GOOD), (HALF_FAILING, 1, STABLE),
    (WRONG_TIME, 0, WRONG_TIME)])
def test_a_service_without_versions_is_judged_by_all_responses_and_by_no_clock(foreign, image, code, served):
    said = foreign.run(code, IMAGE=image, PROBE="")
    assert foreign.weights() == {"image": served, "canary": None}, said
    # What such a canary cannot detect is reported before it begins.
    assert said.index("A slow canary shows only if over 10 % of all responses are slow") < said.index("Canary: 20 %")
    assert "PERCENT=50" in said
    assert {seen.request.path for seen in foreign.server.seen} == {"/quote"}
    assert foreign.probed() == 0


def test_a_killed_canary_of_a_service_without_versions_is_resumed(foreign):
    process = foreign.start(IMAGE=GOOD, MINUTES="5", PROBE="")
    foreign.kill_when(process, lambda: len(foreign.applied()) > 1 and not list(foreign.stack.glob(".*.lock.info")))
    before = len(foreign.applied())
    foreign.run(0, IMAGE=GOOD, PROBE="")
    # The stable alone is measured again.
    assert foreign.applied()[before:] == [(STABLE, GOOD, 0), (STABLE, GOOD, 20), (GOOD, None, None)]


def test_a_service_that_does_not_answer_as_its_stack_says_gets_no_canary(foreign):
    foreign.server.response = lambda: (503, "", datetime.datetime.now(datetime.timezone.utc))
    said = foreign.run(2, IMAGE=GOOD, PROBE="")
    assert "/quote answered 503" in said and "Expected: 200" in said
    assert foreign.weights() == {"image": STABLE, "canary": None}


STEPS = {
    "before the canary stands": (GOOD, 1, 0),
    "while it is watched": (GOOD, None, 0),
    "while it is promoted": (GOOD, 2, 0),
    "while its requests go back": (HALF_FAILING, 2, 1),
    "while it goes": (HALF_FAILING, 3, 1),
}


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_the_same_command_resumes(world, step):
    image, slow_after, code = STEPS[step]
    if slow_after is None:
        process = world.start(IMAGE=image, MINUTES="5")
        # The first probe runs before anything begins, the second while the canary is watched.
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


def test_interrupted_it_keeps_what_was_applied_and_names_the_next_step(world):
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


# A terminal signals the whole group. Whoever cancels a job signals only the first process, and then again with another
# signal; `timeout` does both at once.
@pytest.mark.parametrize("sent", [
    [(os.killpg, signal.SIGINT)],
    [(os.kill, signal.SIGINT), (os.kill, signal.SIGTERM)],
    [(os.kill, signal.SIGTERM)],
    [(os.kill, signal.SIGTERM), (os.killpg, signal.SIGTERM)],
])
def test_interrupted_in_an_apply_terraform_shuts_down_cleanly(world, sent):
    process = world.start(IMAGE=GOOD, MINUTES="5")
    (world.stack / "slow").touch()
    while not (world.stack / "waiting").exists():
        time.sleep(0.05)
    for send, number in sent:
        send(process.pid, number)
        time.sleep(0.3)
    (world.stack / "slow").unlink()
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert "Interrupt received" in output and "Two interrupts" not in output
    assert not list(world.stack.glob(".terraform*.lock.info")), "the state is still locked"
    world.run(0, IMAGE=GOOD)
    assert world.weights() == {"image": GOOD, "canary": None}


def test_if_only_the_program_is_killed_terraform_shuts_down_cleanly(world):
    """As a system does when it runs out of memory. Whatever reads its output, such as tee, has ended too."""
    process = world.start(IMAGE=GOOD, MINUTES="5")
    (world.stack / "slow").touch()
    while not (world.stack / "waiting").exists():
        time.sleep(0.05)
    process.kill()
    process.wait()
    process.stdout.close()
    # The same command waits until the killed one's Terraform releases the lock.
    again = world.start(IMAGE=GOOD)
    while "Preparing Terraform" not in again.stdout.readline():
        assert again.poll() is None
    time.sleep(2)  # enough to reach the lock; otherwise the test shows less, but does not fail
    (world.stack / "slow").unlink()
    said, _ = again.communicate(timeout=60)
    assert again.returncode == 0, said
    assert world.applied() == [(STABLE, None, None), (STABLE, GOOD, 20), (GOOD, None, None)]


def test_the_pipelines_canary_replaces_a_cancelled_one(world):
    process = world.start(IMAGE=HALF_FAILING, MINUTES="5")
    world.kill_when(process, lambda: world.probed() > 1, signal.SIGTERM)
    assert world.weights()["canary"]["image"] == HALF_FAILING
    steps = yaml.safe_load((ROOT / ".github/workflows/deploy.yml").read_text())["jobs"]["deploy"]["steps"]
    for step in steps:
        if step.get("if") == "inputs.canary":
            given = {name: str(value).replace("${{ steps.publish.outputs.image }}", GOOD)
                for name, value in step["env"].items()}
            world.run(0, "bash", "-e", "-c", step["run"], CLOUD="aws", **given)
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
        ({"IMAGE": GOOD, "RESPONSES": "1.5"}, "RESPONSES"),
        ({"IMAGE": GOOD, "ENV": "Staging!"}, "ENV"),
        ({"IMAGE": GOOD, "URL": "example.test"}, "URL"),
        ({"IMAGE": "ghcr.io/someone/meridian@" + STABLE.split("@")[1]}, "has the same digest"),
    ],
)
def test_invalid_settings_are_refused_by_name(world, variables, names):
    said = world.run(2, **variables)
    assert names in said and "Traceback" not in said
    assert len(world.applied()) == 1


def test_without_a_deployment_it_names_what_comes_first(world):
    (world.stack / "terraform.tfstate").unlink()
    assert "./taskw deploy-aws" in world.run(2, IMAGE=GOOD)


NEWER = "localhost:5000/meridian@sha256:" + "f" * 64


@pytest.mark.parametrize("verdict", ["promote", "withdraw"])
@pytest.mark.parametrize("canary", [None, GOOD])
def test_a_deployment_by_somebody_else_meanwhile_stays(world, verdict, canary):
    process = world.start(IMAGE=GOOD, MINUTES="0.2")
    while len(world.applied()) < 2:
        time.sleep(0.05)
    time.sleep(4)  # so that it has enough responses for either verdict
    theirs = canary and {"image": canary, "percent": 50, "stable": "r"}
    # The state is still locked for a moment after the canary's apply has deployed.
    subprocess.run(["terraform", f"-chdir={world.stack}", "apply", "-auto-approve", "-lock-timeout=30s",
        f"-var=image={NEWER if canary is None else STABLE}", f"-var=canary={json.dumps(theirs)}"], check=True,
        stdout=subprocess.DEVNULL)
    if verdict == "withdraw":
        world.probe_says(1)
    before = world.weights()
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 2 and "Somebody else deployed in the meantime" in said, said
    assert f"Verdict: {verdict}" in said
    assert world.weights() == before, "it was undone"


def test_a_deployment_between_plan_and_apply_wins_too(world):
    """At the last possible moment: after the program has looked at what runs, just before it applies."""
    file = world.folder / "scripts/meridian/canary.py"
    file.write_text(file.read_text().replace("terraform.apply_plan(file", """import subprocess
            subprocess.run(["terraform", f"-chdir={terraform.folder}", "apply", "-auto-approve", "-var=image=NEWER"])
            terraform.apply_plan(file""".replace("NEWER", NEWER)))
    said = world.run(2, IMAGE=GOOD)
    assert "stale" in said and world.weights() == {"image": NEWER, "canary": None}
