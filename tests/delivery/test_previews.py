"""Previews of pull requests: which slot each gets, what is removed, and the requests to GitHub. Terraform is a stub
that remembers what was applied in each workspace, GitHub a server with pull requests and comments."""

import json
import shutil
import subprocess
import sys

import pytest
from support.fronts import Front, reply
from support.machine import ROOT
from support.stub_machine import DIGEST, Machine

REPOSITORY = "someone/meridian"
BUILT = f"ghcr.io/{REPOSITORY}@{DIGEST}"
SHARED = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shared"
TERRAFORM = """#!{python}
import json, os, pathlib, re, subprocess, sys
states = pathlib.Path("{states}")
words, own = sys.argv[2:], states / os.environ.get("TF_WORKSPACE", "default")
place, verb = pathlib.Path(sys.argv[1].partition("=")[2]), words[0] if len(sys.argv) > 2 else "version"
if "console" in sys.argv:
    os.execv(sys.executable, [sys.executable, "{console}", *sys.argv[1:]])
state = json.loads(own.read_text()) if own.exists() else {{}}
if place.parent.name == "platform":
    state = {{"tfvars": {{"platform": {{"name": "staging", "services": dict.fromkeys({declared}, {{}})}}}}}}
given = dict(re.findall(r"-var=(\\w+)=(\\S+)", " ".join(words)))
if "version" in sys.argv[1:]:
    print("Terraform v1.11.4")
elif words[:2] == ["workspace", "list"]:
    print("* default", *(f"  {{file.name}}" for file in sorted(states.iterdir())), sep="\\n")
elif words[:2] == ["state", "list"]:
    print("module.service.aws_ecs_service.stable" if state else "")
elif verb == "output":
    print(json.dumps({{name: {{"value": value}} for name, value in state.items()}}))
elif verb == "apply":
    own.write_text(json.dumps({{"name": given["name"], "region": "us-east-1", "image": given["image"],
        "pull_request": int(given["pull_request"]),
        "url": f"https://{{given['name'].partition('-')[2]}}.staging.example.com"}}))
elif verb == "destroy":
    if given["name"] == os.environ.get("STAYS"):
        sys.exit(1)
    own.write_text("{{}}")
"""


class World(Machine):
    """Staging's platform with one service and three slots for previews, and a repository with pull requests."""

    def __init__(self, folder, declared=("orders", "p1", "p2", "p3")):
        super().__init__(folder)
        shutil.copytree(ROOT / "stacks/platform/aws", self.root / "stacks/platform/aws",
            ignore=shutil.ignore_patterns(".terraform*"))
        (self.root / "stacks/aws/bootstrap.auto.tfvars").touch()
        (self.root / "stacks/aws/terraform.tfvars").open("a").write(f'\nrepository_url = "{SHARED}"\n')
        self.states = folder / "states"
        self.states.mkdir()
        self.replace("../bin/terraform", TERRAFORM.format(python=sys.executable, states=self.states,
            console=folder / "console.py", declared=declared))
        (self.root / "modules/image").mkdir(parents=True)
        self.replace("modules/image/login", "#!/bin/sh\n")
        self.stub("skopeo", {"inspect": json.dumps({"Digest": DIGEST})})
        self.pulls, self.comments = {}, {}

    def respond(self, request):
        path = request.path.removeprefix(f"/repos/{REPOSITORY}/").partition("?")[0]
        if path.startswith("pulls/"):
            pull = self.pulls.get(int(path.split("/")[1]))
            return reply(pull) if pull else reply({"message": "Not Found"}, 404)
        kind, number, *_ = path.removeprefix("issues/").split("/")
        if kind == "comments":
            self.comments[int(number)] = json.loads(request.body)["body"]
            return reply({})
        number = int(kind)
        if request.method == "GET":
            return reply([{"id": number, "user": {"type": "Bot"}, "body": self.comments[number]}]
                if number in self.comments else [])
        self.comments[number] = json.loads(request.body)["body"]
        return reply({})

    def opened(self, number, state="open", sha="c" * 40, repository=REPOSITORY):
        self.pulls[number] = {"state": state, "head": {"sha": sha,
            "repo": repository and {"full_name": repository}}}

    def preview(self, number=None, code=0, env="staging", **more):
        given = {"NUMBER": str(number), "COMMIT": "c" * 40, "IMAGE": BUILT} if number else {}
        with Front(self.respond) as front:
            done = subprocess.run([sys.executable, self.root / "scripts/meridian", "preview", "aws"], text=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                env={"PATH": str(self.bin), "HOME": str(self.root), "ENV": env, **given, "GITHUB_TOKEN": "t",
                    "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_API_URL": front.url, **more})
        assert done.returncode == code, done.stdout
        return done.stdout

    def shown(self):
        """Pull request by slot."""
        states = {file.name.partition("_")[2]: json.loads(file.read_text()) for file in self.states.iterdir()}
        return {slot: state.get("pull_request") for slot, state in states.items() if state}

    def stands(self, slot, **state):
        (self.states / f"staging_{slot}").write_text(json.dumps({"name": f"staging-{slot}", "region": "us-east-1",
            **state}))


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def test_a_pull_request_gets_the_slot_of_its_number_and_its_address_in_one_comment(world):
    world.opened(5)
    said = world.preview(5)
    assert world.shown() == {"p2": 5}
    assert "The preview of pull request 5 runs at https://p2.staging.example.com." in said
    state = json.loads((world.states / "staging_p2").read_text())
    # The copy in the cloud's own registry, which is identical bit for bit.
    assert state["image"] == f"{SHARED}@{DIGEST}" and state["name"] == "staging-p2"
    assert world.comments[5].startswith("<!-- preview aws staging -->\n### Preview on AWS, staging\n"
        f"https://p2.staging.example.com runs {'c' * 40}")
    world.opened(5, sha="d" * 40)
    assert "has a newer commit" in world.preview(5)
    world.preview(5, COMMIT="d" * 40)
    assert world.shown() == {"p2": 5} and f"runs {'d' * 40}" in world.comments[5]


def test_a_commit_may_be_shortened(world):
    world.opened(5)
    assert "runs at" in world.preview(5, COMMIT="c" * 7)


def test_a_failed_login_to_the_registry_and_a_missing_tool_are_named(world):
    world.opened(5)
    world.replace("modules/image/login", "#!/bin/sh\necho 'needs az' >&2\nexit 1\n")
    said = world.preview(5, code=1)
    assert "needs az" in said and f"Error: The login to {SHARED.split('/')[0]} failed" in said
    world.replace("modules/image/login", "#!/bin/sh\n")
    (world.bin / "skopeo").unlink()
    assert "Install it: https://github.com/containers/skopeo" in world.preview(5, code=1)


@pytest.mark.check
def test_a_pull_request_whose_slot_is_in_use_gets_the_next_free_one_and_keeps_it(world):
    for number in (3, 6):
        world.opened(number)
        world.preview(number)
    assert world.shown() == {"p3": 3, "p1": 6}
    world.opened(3, state="closed")
    world.preview(3)
    world.preview(6)
    assert world.shown() == {"p1": 6}


def test_if_all_slots_are_in_use_it_names_their_users_and_changes_nothing(world):
    world.stands("p1", pull_request=7)
    world.stands("p2")
    world.stands("p3", pull_request=9)
    before = world.shown()
    world.opened(4)
    said = world.preview(4, code=1)
    assert "All 3 slots are taken: p1 by pull request 7, p2 by a manual deployment, p3 by pull request 9." in said
    assert world.shown() == before and world.comments == {}


@pytest.mark.check
def test_only_the_preview_of_a_closed_pull_request_is_removed(world):
    for number in (1, 2):
        world.opened(number)
        world.preview(number)
    world.opened(1, state="closed")
    # A run that was started before the pull request was closed no longer deploys anything.
    assert "staging-p1 is removed, since pull request 1 is closed." in world.preview(1)
    assert world.shown() == {"p2": 2} and world.comments[1].endswith("Removed.\n")
    assert "There is no preview of pull request 1." in world.preview(1)


@pytest.mark.check
def test_at_night_leftovers_are_removed_and_the_rest_is_reported(world):
    world.stands("orders")
    world.stands("p1", pull_request=1)
    world.stands("p2", pull_request=2)
    world.stands("p3")
    (world.states / "production_p1").write_text(json.dumps({"name": "prod-p1", "pull_request": 1}))
    world.opened(1, state="closed")
    world.opened(2)
    said = world.preview()
    assert "staging-p1 is removed" in said and "staging-p2 is the preview of pull request 2, which is open." in said
    assert "staging-p3 belongs to no pull request. Somebody deployed it by hand, so it is kept." in said
    assert "orders" not in said
    assert json.loads((world.states / "production_p1").read_text()), "another environment's"
    assert {file.name for file in world.states.iterdir() if file.read_text() != "{}"} == {"production_p1",
        "staging_orders", "staging_p2", "staging_p3"}


@pytest.mark.check
def test_a_preview_that_cannot_be_removed_is_named_and_the_others_are_removed(world):
    for slot, number in (("p1", 1), ("p2", 2), ("p3", 3)):
        world.stands(slot, pull_request=number)
    for number in (1, 3):
        world.opened(number, state="closed")
    # GitHub knows no pull request 2.
    said = world.preview(code=1, STAYS="staging-p1")
    assert "staging-p1 of pull request 1 could not be removed" in said
    assert "staging-p2 of pull request 2 could not be removed: GitHub answers 404" in said
    assert world.shown() == {"p1": 1, "p2": 2}


@pytest.mark.parametrize("repository", ["other/meridian", None])
def test_a_forks_pull_request_has_no_preview_however_it_is_started(world, repository):
    world.opened(5, repository=repository)
    assert "Pull request 5 is of another repository" in world.preview(5, code=1)
    assert world.shown() == {} and world.comments == {}


@pytest.mark.parametrize(("more", "words"), [
    ({"env": "production"}, "Previews cannot run on production's platform."),
    ({"NUMBER": "7; ls"}, 'NUMBER is "7; ls"'),
    ({"IMAGE": f"ghcr.io/{REPOSITORY}:latest"}, "IMAGE"),
])
def test_invalid_arguments_are_refused_before_anything_changes(world, more, words):
    world.opened(5)
    assert words in world.preview(5, code=1, **more)
    assert world.shown() == {}


def test_without_slots_it_names_where_they_are_declared(tmp_path):
    world = World(tmp_path, declared=("orders",))
    world.opened(5)
    assert "Set previews in stacks/platform/aws/staging.tfvars" in world.preview(5, code=1)


@pytest.mark.parametrize(("previews", "ready"), [("aws", "true"), ("gcp aws", "true"), ("gcp", "false"),
    ("", "false")])
def test_only_the_clouds_in_previews_have_previews(world, previews, ready):
    (world.root / "stacks/aws/backend.tf").write_text("")
    output = world.root / "output"
    done = subprocess.run([sys.executable, world.root / "scripts/meridian", "settings", "aws"], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={"PATH": str(world.bin), "HOME": str(world.root),
            "ENV": "staging", "FOR": "preview", "PREVIEWS": previews, "AWS_PLANNER": "p", "AWS_DEPLOYER": "d",
            "GITHUB_OUTPUT": str(output)})
    assert done.returncode == 0 and output.read_text().startswith(f"ready={ready}\n"), done.stdout
