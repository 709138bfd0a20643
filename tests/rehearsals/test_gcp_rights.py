"""What the pipelines' identities may do. The bootstrap creates them on the double of Google Cloud, which then judges
each request by their roles. The planner plans the stacks; the deployer applies, changes and destroys them.

The tests build on each other, in this order.
"""

import json

import pytest
from doubles import google_rights
from doubles.fake_cloud import FakeCloud
from support.gcp_world import PROJECT, A, B, environment
from support.machine import ROOT, copy, ran
from support.rehearsal import by_type, changed

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "google", "jdk")]

OWNER = "the-owner"
PLANNER, DEPLOYER, STAGING, VIEWER = (
    f"meridian-{role}@{PROJECT}.iam.gserviceaccount.com"
    for role in ("planner", "deployer", "staging-deployer", "viewer")
)
REPOSITORY = f"us-central1-docker.pkg.dev/{PROJECT}/meridian-shared/meridian"
IMAGE, NEXT = (image.replace("/meridian/", "/meridian-shared/") for image in (A, B))
STACK, MACHINES, BOOTSTRAP = "stacks/gcp", "stacks/vm/gcp", "stacks/bootstrap/gcp"
GITHUB = {"owner": "someone", "owner_id": 1234567, "repository": "meridian", "repository_id": 7654321}


class World:
    def __init__(self, folder):
        self.fake = FakeCloud("Google", folder, ["*.googleapis.com"])
        self.fake.order("judge", **google_rights.TABLE)
        self.root = folder / "clone"
        copy(self.root, "modules/gcp", "modules/image", STACK, MACHINES, "stacks/vm/boot", BOOTSTRAP, "app/documents",
            "app/pom.xml")
        for stack in (STACK, MACHINES, BOOTSTRAP):
            self.terraform(stack, OWNER, "init", "-input=false")

    def terraform(self, stack, who, *arguments, codes=(0,)):
        return ran("terraform", f"-chdir={self.root / stack}", *arguments, "-no-color", codes=codes,
            env=environment(**self.fake.environment, GOOGLE_OAUTH_ACCESS_TOKEN=who))

    def variables(self, stack, **variables):
        (self.root / stack / "rights.auto.tfvars.json").write_text(json.dumps(variables))

    def deploy(self, stack):
        """Deploy as the pipeline does: plan as one who may only read, apply as another; a second plan is then empty."""
        self.terraform(stack, PLANNER, "plan", "-input=false", "-lock=false", "-out=plan")
        changes = changed(json.loads(self.terraform(stack, OWNER, "show", "-json", "plan").stdout))
        self.terraform(stack, DEPLOYER, "apply", "-input=false", "-parallelism=20", "plan")
        again = self.terraform(stack, PLANNER, "plan", "-input=false", "-lock=false", "-detailed-exitcode",
            codes=(0, 2))
        assert again.returncode == 0, again.stdout
        return changes

    def refused(self, who, verb, api, path, body=None):
        status, response = self.fake.ask(verb, f"https://{api}.googleapis.com/{path}", body,
            {"Authorization": f"Bearer {who}"})
        return status == 403 and who in response["error"]["message"]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("rights"))
    yield world
    world.fake.stop()


def test_the_owner_creates_the_identities(world):
    world.variables(BOOTSTRAP, github=GITHUB)
    world.terraform(BOOTSTRAP, OWNER, "apply", "-auto-approve", "-input=false", "-parallelism=20")
    outputs = json.loads(world.terraform(BOOTSTRAP, OWNER, "output", "-json").stdout)
    assert outputs["repository_url"]["value"] == REPOSITORY
    world.machine = outputs["machine"]["value"]


def test_the_stack_is_planned_by_one_identity_and_applied_by_another(world):
    world.variables(STACK, image=IMAGE, repository_url=REPOSITORY)
    assert by_type(world.deploy(STACK))["google_storage_bucket"] == 1
    world.variables(STACK, image=NEXT, repository_url=REPOSITORY, waf=True, email="ops@example.com",
        environment={"MERIDIAN_GREETING": "Hi"})
    assert "module.service.google_cloud_run_v2_service.this" in world.deploy(STACK)
    world.variables(STACK, image=NEXT, repository_url=REPOSITORY,
        domain={"name": "time.example.com", "zone": "example-com"}, memory=4096)
    world.deploy(STACK)


def test_the_planner_changes_nothing_and_environments_are_isolated(world):
    bucket = f"storage/v1/b/{PROJECT}-meridian-documents"
    service = f"v2/projects/{PROJECT}/locations/us-central1/services/meridian"
    for who in (PLANNER, STAGING, VIEWER):
        assert world.refused(who, "DELETE", "storage", bucket), who
    assert world.refused(STAGING, "GET", "storage", bucket)
    assert world.refused(PLANNER, "PATCH", "run", service, {})
    assert not world.refused(VIEWER, "GET", "run", service)
    assert world.refused(VIEWER, "GET", "run", f"{service}-staging")
    for who in (PLANNER, DEPLOYER, VIEWER):
        assert world.refused(who, "POST", "cloudresourcemanager", f"v1/projects/{PROJECT}:setIamPolicy", {})
        assert world.refused(who, "POST", "iam", f"v1/projects/{PROJECT}/serviceAccounts/{DEPLOYER}:setIamPolicy", {})


def test_machines_are_deployed_changed_and_destroyed_without_rights_on_the_project(world):
    world.variables(MACHINES, image=IMAGE, repository_url=REPOSITORY, machine=world.machine)
    created = by_type(world.deploy(MACHINES))
    assert created["google_compute_firewall"] == 7 and "google_project_iam_member" not in created
    assert "google_service_account" not in created
    world.variables(MACHINES, image=IMAGE, repository_url=REPOSITORY, machine=world.machine, greeting="Hello again",
        machines=2)
    assert world.deploy(MACHINES) == {
        "google_compute_region_instance_template.this": ["create", "delete"],
        "google_compute_region_instance_group_manager.this": ["update"],
    }
    world.terraform(MACHINES, DEPLOYER, "destroy", "-auto-approve", "-input=false", "-parallelism=20")
    assert not [name for name in world.fake.resources() if "meridian-hello" in name]


def test_without_a_bootstrap_the_machines_stack_creates_what_it_needs(world):
    certificate = {"name": "hello.example.com", "secret": f"projects/{PROJECT}/secrets/hello/versions/1",
        "proxy": IMAGE}
    world.variables(MACHINES, image=IMAGE.replace("-shared/", "-hello/"), certificate=certificate)
    world.terraform(MACHINES, OWNER, "apply", "-auto-approve", "-input=false", "-parallelism=20")
    state = json.loads(world.terraform(MACHINES, OWNER, "show", "-json").stdout)["values"]["root_module"]["resources"]
    created = by_type([each["address"] for each in state if each["mode"] == "managed"])
    assert created["google_project_iam_member"] == 2 and created["google_secret_manager_secret_iam_member"] == 1
    # The certificate adds a right and an API, as many as a build of the image would add: its push and its digest.
    guide = (ROOT / MACHINES / "README.md").read_text()
    assert f"creates {sum(created.values())} resources" in " ".join(guide.split())
    world.terraform(MACHINES, OWNER, "plan", "-input=false", "-detailed-exitcode")
    world.terraform(MACHINES, OWNER, "destroy", "-auto-approve", "-input=false", "-parallelism=20")
    assert not [name for name in world.fake.resources() if "meridian-hello" in name]


def test_the_deployer_destroys_what_it_deployed(world):
    world.terraform(STACK, DEPLOYER, "destroy", "-auto-approve", "-input=false", "-parallelism=20")
    leftovers = [name for name in world.fake.resources() if "/roles/" not in name]
    assert [name for name in leftovers if "documents" in name or "/services/" in name or "/regions/" in name] == []


def test_no_role_is_redundant(world):
    """Each gives its account a permission that it used and that none of its other roles gives."""
    policy = world.fake.ask("POST", f"https://cloudresourcemanager.googleapis.com/v1/projects/{PROJECT}:getIamPolicy",
        {}, {"Authorization": f"Bearer {OWNER}"})[1]
    used, spare = world.fake.order("used"), set()
    for who in (PLANNER, DEPLOYER):
        held = {each["role"]: set(google_rights.ROLES[each["role"]]) for each in policy["bindings"]
            if f"serviceAccount:{who}" in each["members"] and each["role"].startswith("roles/")}
        for role, permissions in held.items():
            others = set().union(*(more for other, more in held.items() if other != role))
            if not permissions & used[who].keys() - others:
                spare.add((who, role))
    # A stack that a person deployed has a repository of its own, which is read until it uses the shared one.
    assert spare == {(PLANNER, "roles/artifactregistry.reader")}


def test_the_double_supported_every_request(world):
    assert [each for each in world.fake.requests() if each["status"] in (405, 421, 500, 501)] == []
