"""The Azure bootstrap and the states that it keeps: the real provider on a double of Resource Manager,
tests/doubles/clouds/Arm.java, and the real backend on Azurite behind the double's account."""

import base64
import hashlib
import os

import pytest
from doubles.fake_cloud import SOURCES, FakeCloud
from support.certificates import issued
from support.emulators import blob_storage
from support.machine import clean, copy
from support.state_scenario import Scenario

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "azurerm", "jdk", "npm")]

SUBSCRIPTION = "00000000-1111-2222-3333-444444444444"
SUFFIX = hashlib.sha256(f"{SUBSCRIPTION} meridian-bootstrap meridian".encode()).hexdigest()[:8]
# Storage account and registry have the same name, in different domains.
ACCOUNT = f"meridian{SUFFIX}"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/meridian-bootstrap"
STORE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}"
ELSEWHERE = "/subscriptions/99999999-1111-2222-3333-444444444444/resourceGroups/theirs/providers"
GITHUB = """
github = { owner = "someone", owner_id = 1234567, repository = "meridian", repository_id = 7654321, old_subject = true }
"""


class World:
    def __init__(self, folder):
        self.fake = FakeCloud("Arm", folder, ["management.azure.com", "*.blob.core.windows.net"])
        self.azurite = self.behind(folder)
        root = folder / "clone"
        copy(root, "scripts", "modules/azure", "stacks/bootstrap/azure", "stacks/azure")
        with open(root / "stacks/bootstrap/azure/terraform.tfvars", "a") as variables:
            variables.write(GITHUB)
        environment = {
            **clean(),
            **self.fake.environment,
            "PATH": f"{SOURCES / 'bin'}:{os.environ['PATH']}",
            "TF_IN_AUTOMATION": "1",
            "TF_CLI_ARGS": "-no-color",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.scenario = Scenario(root, "azure", environment)

    def behind(self, folder):
        """Start Azurite with the account that the bootstrap will create; the double denies access until then."""
        tls = issued(folder, "127.0.0.1")
        secret = base64.b64encode(b"nothing secret at all, of sixty-four bytes or so, for an emulator").decode()
        emulator = blob_storage(folder, tls, f"{ACCOUNT}:{secret}")
        self.fake.order("blobs", url=f"https://127.0.0.1:{emulator.port}", trust=str(tls.authority))
        return emulator

    def stop(self):
        self.azurite.stop()
        self.fake.stop()

    def created(self):
        """Type to the names of what exists."""
        created = {}
        for path, each in self.fake.resources().items():
            created.setdefault(each["type"].split("/", 1)[1], []).append(path.split("/")[-1])
        return {kind: sorted(names) for kind, names in created.items()}

    def properties(self, path):
        return self.fake.resources()[path]["properties"]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("azure"))
    yield world
    world.stop()


@pytest.mark.parametrize(
    "kind, said",
    [
        ("Microsoft.Storage/storageAccounts",
            f"{ACCOUNT}, which is to hold the states, exists already. It belongs to somebody else"),
        ("Microsoft.ContainerRegistry/registries", f"registry {ACCOUNT}"),
    ],
)
def test_a_name_owned_by_somebody_else_stops_the_bootstrap_before_any_change(world, kind, said):
    theirs = f"{ELSEWHERE}/{kind}/{ACCOUNT}"
    world.fake.order("put", id=theirs, type=kind, properties={})
    refused = world.scenario.bootstrap(check=False)
    world.fake.order("forget", id=theirs)
    assert refused.returncode == 1 and said in refused.stdout, refused.stdout
    assert "Nothing was changed" in refused.stdout, refused.stdout
    assert world.fake.resources() == {} and world.scenario.backends() == [] and world.scenario.states() == []


def test_a_bootstrap_killed_after_each_step_continues(world):
    scenario = world.scenario
    scenario.in_small()
    world.fake.order("spread", refusals=3)
    scenario.killed("after", "apply")
    assert "storageAccounts" in world.created() and scenario.backends() == []
    for folder in ("stacks/azure", "stacks/bootstrap/azure"):
        scenario.killed("before", f"clone/{folder} init*-migrate-state")
        assert folder in scenario.backends() and folder.removeprefix("stacks/") in scenario.states()
    done = scenario.bootstrap()
    assert "An earlier run stopped while it moved" in done.stdout and "No changes" in done.stdout, done.stdout
    assert scenario.states() == [] and scenario.notes() == ["first", "of staging"]


def test_the_store_is_private_versioned_and_locked(world):
    created = world.created()
    assert created.pop("roleAssignments") and created.pop("roleDefinitions")
    assert created.pop("storageAccounts/blobServices")
    created = {kind: names
        for kind, names in created.items() if kind not in ("resourceGroups", "storageAccounts/fileServices")}
    assert created == {
        "storageAccounts": [ACCOUNT],
        "storageAccounts/blobServices/containers": ["state"],
        "storageAccounts/managementPolicies": ["default"],
        "locks": ["states"],
        "registries": [ACCOUNT],
        "registries/tasks": ["keep-newest"],
        "userAssignedIdentities": ["meridian-deployer", "meridian-planner", "meridian-staging-deployer"],
        "userAssignedIdentities/federatedIdentityCredentials": [
            f"{job}-{form}" for job in ("branch", "production", "pull-request", "staging") for form in ("ids", "names")
        ],
    }
    account = world.properties(STORE)
    assert account["allowSharedKeyAccess"] is False and account["allowBlobPublicAccess"] is False
    assert account["minimumTlsVersion"] == "TLS1_2"
    assert world.properties(f"{STORE}/blobServices/default")["isVersioningEnabled"]
    assert world.properties(f"{STORE}/blobServices/default/containers/state")["publicAccess"] == "None"
    assert world.properties(f"{STORE}/providers/Microsoft.Authorization/locks/states")["level"] == "CanNotDelete"


def test_each_identity_trusts_its_own_jobs(world):
    identities = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
    trusted = {}
    for path, each in world.fake.resources().items():
        if each["type"].endswith("federatedIdentityCredentials"):
            trusted.setdefault(path.removeprefix(identities).split("/")[1], set()).add(each["properties"]["subject"])
    forms = ("repo:someone@1234567/meridian@7654321:", "repo:someone/meridian:")
    assert trusted == {
        "meridian-planner": {form + job for form in forms for job in ("pull_request", "ref:refs/heads/main")},
        "meridian-deployer": {f"{form}environment:production" for form in forms},
        "meridian-staging-deployer": {f"{form}environment:staging" for form in forms},
    }


def test_a_second_bootstrap_changes_nothing_and_prints_the_same(world):
    again = world.scenario.bootstrap()
    assert "No changes" in again.stdout and "gh variable set AZURE_DEPLOYER --env staging" in again.stdout
    client = world.properties(
        f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/meridian-planner")["clientId"]
    assert f"gh variable set AZURE_PLANNER --body '{client}'" in again.stdout
    assert f'repository_url = "{ACCOUNT}.azurecr.io/meridian"' in (
        world.scenario.stack / "bootstrap.auto.tfvars").read_text()


def test_a_second_writer_is_refused_and_an_older_state_is_restored(world):
    # Azurite keeps no versions: https://github.com/Azure/Azurite/issues/665
    older = world.scenario.terraform("state", "pull").stdout
    world.scenario.second_writer()
    world.scenario.restored([older])


def test_another_clone_continues_with_the_bootstrap_and_overwrites_no_state(world):
    world.scenario.elsewhere()


def test_it_is_removed_once_no_stack_is_deployed(world):
    scenario = world.scenario
    scenario.end()
    assert world.created()["storageAccounts"] == [ACCOUNT]
    scenario.bootstrap("remove")
    assert world.fake.resources() == {} and scenario.backends() == [] and scenario.states() == []
