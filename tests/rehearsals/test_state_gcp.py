"""The Google Cloud bootstrap and the states that it keeps: the real provider on a double of Google's APIs,
tests/doubles/clouds/Google.java, and the real backend on an emulator of Storage behind the double's bucket."""


import json
import urllib.parse

import pytest
from doubles.fake_cloud import FakeCloud
from support.emulators import cloud_storage
from support.machine import copy
from support.state_scenario import Scenario
from support.gcp_world import PROJECT, environment

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "google", "go", "jdk")]

BUCKET = f"{PROJECT}-meridian-state"
REPOSITORY = f"projects/{PROJECT}/locations/us-central1/repositories/meridian-shared"
PLANNER = f"meridian-planner@{PROJECT}.iam.gserviceaccount.com"
TRUST = """
github = { owner = "someone", owner_id = 1234567, repository = "meridian", repository_id = 7654321 }
circleci = {
  organization_id = "00000000-0000-4000-8000-000000000001"
  project_id      = "00000000-0000-4000-8000-000000000002"
  repository      = "github.com/someone/meridian"
}
"""


class World:
    def __init__(self, folder):
        self.fake = FakeCloud("Google", folder, ["*.googleapis.com"])
        self.emulator = cloud_storage(folder)
        self.fake.order("objects", url=f"http://127.0.0.1:{self.emulator.port}")
        root = folder / "clone"
        copy(root, "scripts", "modules/gcp", "stacks/bootstrap/gcp", "stacks/gcp")
        with open(root / "stacks/bootstrap/gcp/terraform.tfvars", "a") as variables:
            variables.write(TRUST)
        self.scenario = Scenario(root, "gcp",
            environment(**self.fake.environment, TF_CLI_ARGS="-no-color", PYTHONDONTWRITEBYTECODE="1"))

    def stop(self):
        self.emulator.stop()
        self.fake.stop()

    def created(self):
        """Kind to the names of what exists, without policies."""
        created = {}
        for path in self.fake.resources():
            if not path.endswith("/iamPolicy"):
                created.setdefault(path.split("/")[-2], []).append(path.split("/")[-1])
        return {kind: sorted(names) for kind, names in created.items()}

    def objects(self):
        response = self.fake.ask("GET", f"https://storage.googleapis.com/storage/v1/b/{BUCKET}/o")[1]
        return sorted(item["name"] for item in response["items"])


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("gcp"))
    yield world
    world.stop()


def create_foreign(world, api, path, body):
    """Create a resource that no bootstrap created."""
    world.fake.order("enable", services=[api])
    status, response = world.fake.ask("POST", f"https://{api}.googleapis.com/{path}", body)
    assert status == 200, response


@pytest.mark.parametrize(
    "api, path, body, said, resource",
    [
        (
            "storage",
            f"storage/v1/b?project={PROJECT}",
            {"name": BUCKET, "location": "us-central1", "versioning": {"enabled": True}},
            f"{BUCKET}, which is to hold the states, exists already and holds no state of a bootstrap",
            f"storage/v1/b/{BUCKET}",
        ),
        (
            "artifactregistry",
            f"v1/projects/{PROJECT}/locations/us-central1/repositories?repository_id=meridian-shared",
            {"format": "DOCKER"},
            "repository meridian-shared",
            f"v1/{REPOSITORY}",
        ),
        ("iam", f"v1/projects/{PROJECT}/serviceAccounts", {"accountId": "meridian-planner"}, PLANNER,
            f"v1/projects/{PROJECT}/serviceAccounts/{PLANNER}"),
    ],
)
def test_an_existing_name_stops_the_bootstrap_before_any_change(world, api, path, body, said, resource):
    create_foreign(world, api, path, body)
    before = world.fake.resources()
    refused = world.scenario.bootstrap(check=False)
    assert refused.returncode == 1 and said in refused.stdout, refused.stdout
    assert "Nothing was changed" in refused.stdout, refused.stdout
    assert world.fake.resources() == before and world.scenario.backends() == [] and world.scenario.states() == []
    assert world.fake.ask("DELETE", f"https://{api}.googleapis.com/{resource}")[0] in (200, 204)


def test_a_bootstrap_killed_after_each_step_continues(world):
    scenario = world.scenario
    scenario.in_small()
    scenario.killed("after", "apply")
    assert BUCKET in world.created()["b"] and scenario.backends() == []
    for folder in ("stacks/bootstrap/gcp", "stacks/gcp"):
        scenario.killed("before", f"clone/{folder} init*-migrate-state")
        assert folder in scenario.backends() and folder.removeprefix("stacks/") in scenario.states()
    done = scenario.bootstrap()
    assert "No changes" in done.stdout, done.stdout
    assert scenario.states() == [] and scenario.notes() == ["first", "of staging"]
    assert world.objects() == ["bootstrap/default.tfstate", "stack/default.tfstate", "stack/staging.tfstate"]


def test_the_store_is_private_and_versioned(world):
    bucket = world.fake.resources()[f"b/{BUCKET}"]
    assert bucket["versioning"]["enabled"] and bucket["iamConfiguration"]["publicAccessPrevention"] == "enforced"
    assert bucket["iamConfiguration"]["uniformBucketLevelAccess"]["enabled"]
    created = world.created()
    assert created["repositories"] == ["meridian-shared"]
    assert (len(created["workloadIdentityPools"]), len(created["roles"])) == (1, 2)
    assert [name.split("-")[0] for name in created["providers"]] == ["circleci", "github"]
    assert [name.split("@")[0] for name in created["serviceAccounts"]] == [
        "meridian-deployer", "meridian-machine", "meridian-planner", "meridian-staging-deployer",
        "meridian-staging-viewer", "meridian-viewer",
    ]  # fmt: skip


def test_each_identity_trusts_its_own_jobs(world):
    trusted = {}
    for path, each in world.fake.resources().items():
        if path.endswith("iamPolicy") and "/serviceAccounts/" in path:
            for binding in each["bindings"]:
                assert binding["role"] == "roles/iam.workloadIdentityUser"
                trusted[path.split("/")[-2].split("@")[0]] = sorted(member.split("/attribute.")[1]
                    for member in binding["members"])
    assert trusted == {
        "meridian-planner": ["circleci_project/00000000-0000-4000-8000-000000000002", "github_event/pull_request",
            "github_ref/refs/heads/main"],
        "meridian-deployer": ["circleci_ref/refs/heads/main", "github_environment/production"],
        "meridian-staging-deployer": ["github_environment/staging"],
    }


def test_a_second_bootstrap_changes_nothing_and_prints_the_same(world):
    again = world.scenario.bootstrap()
    assert "No changes" in again.stdout
    assert f"gh variable set GCP_PLANNER --body '{PLANNER}'" in again.stdout
    assert "gh variable set GCP_DEPLOYER --env staging" in again.stdout
    [pool] = world.created()["workloadIdentityPools"]
    assert f"projects/123456789012/locations/global/workloadIdentityPools/{pool}/providers/github-" in again.stdout


def test_a_removed_pipeline_can_be_added_again(world):
    """The id of its deleted provider stays in use for 30 days."""
    variables = world.scenario.root / "stacks/bootstrap/gcp/terraform.tfvars"
    with_both = variables.read_text()
    first = world.created()["providers"]
    variables.write_text(with_both.replace(TRUST, TRUST[: TRUST.index("circleci")]))
    world.scenario.bootstrap()
    assert [name.split("-")[0] for name in world.created()["providers"]] == ["github"]
    variables.write_text(with_both)
    world.scenario.bootstrap()
    again = world.created()["providers"]
    assert again[0] != first[0] and again[1] == first[1]


def test_a_second_writer_is_refused(world):
    world.scenario.second_writer()


def test_an_older_state_is_restored(world):
    objects = f"https://storage.googleapis.com/storage/v1/b/{BUCKET}/o"
    _, listed = world.fake.ask("GET", f"{objects}?versions=true&prefix=stack/default.tfstate")
    older = f"{objects}/{urllib.parse.quote('stack/default.tfstate', safe='')}?alt=media&generation="
    world.scenario.restored([json.dumps(world.fake.ask("GET", older + each["generation"])[1])
        for each in listed["items"] if each["name"] == "stack/default.tfstate"])


def test_another_clone_continues_with_the_bootstrap_and_overwrites_no_state(world):
    world.scenario.elsewhere()


def test_it_is_removed_once_no_stack_is_deployed_and_can_be_recreated_at_once(world):
    scenario = world.scenario
    scenario.end()
    assert world.created()["b"] == [BUCKET]
    scenario.bootstrap("remove")
    assert world.fake.resources() == {} and scenario.backends() == [] and scenario.states() == []

    scenario.bootstrap()
    assert world.objects()[0] == "bootstrap/default.tfstate"
    scenario.bootstrap("remove")
    assert world.fake.resources() == {}


def test_the_double_supported_every_request(world):
    failed = [each for each in world.fake.requests() if each["status"] in (405, 421, 500, 501)]
    assert failed == []
