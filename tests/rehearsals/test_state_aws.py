"""The AWS bootstrap and the states that it keeps, on moto, with the real provider and backend."""

import json
import re
import shutil
import subprocess

import pytest
from support import aws_world
from support.aws_world import ACCOUNT, Clone
from support.machine import ROOT
from support.policies import remarks
from support.state_scenario import Scenario

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "aws", "aws-cli")]

BUCKET = f"meridian-state-{ACCOUNT}-us-east-1"


class World(aws_world.World):
    """AWS without a registry: repositories keep ECR's own addresses, from which rights are built."""

    def __enter__(self):
        self.registry = ""
        self.serve(ROOT / "tests/doubles/state_moto.py")
        return self


@pytest.fixture
def scenario(tmp_path):
    with World(tmp_path) as world:
        clone = Clone(tmp_path / "clone", world)
        yield Scenario(clone.folder, "aws", world.environment()), world


def roles(world):
    return sorted(role["RoleName"] for role in world.aws("iam", "list-roles")["Roles"])


# Accepted findings on policies that are in no file, and why.
REMARKS = {
    "deploy": {"RESOURCE_MISMATCH s3:GetObject"},  # of staging's state, whose key begins with env:/
    "plan": {
        "UNKNOWN_ACTION elasticloadbalancing:GetLoadBalancerWebACL",  # newer than parliament's list
        "RESOURCE_MISMATCH ssm:GetParameter",  # the ARNs of AWS's own parameters have no account
    },
}


def applied(world):
    """Role and policy to the policy's text in AWS."""
    found = {}
    for role in roles(world):
        for name in world.aws("iam", "list-role-policies", "--role-name", role)["PolicyNames"]:
            got = world.aws("iam", "get-role-policy", "--role-name", role, "--policy-name", name)
            found[f"{role} {name}"] = json.dumps(got["PolicyDocument"])
        for each in world.aws("iam", "list-attached-role-policies", "--role-name", role)["AttachedPolicies"]:
            version = world.aws("iam", "get-policy", "--policy-arn", each["PolicyArn"])["Policy"]["DefaultVersionId"]
            got = world.aws("iam", "get-policy-version", "--policy-arn", each["PolicyArn"], "--version-id", version)
            found[f"{role} {each['PolicyName']}"] = json.dumps(got["PolicyVersion"]["Document"])
    return found


def guided(scenario, command):
    return subprocess.run(["bash", "-c", command.replace("BUCKET", BUCKET)], cwd=scenario.root,
        env=scenario.environment, check=True, text=True, stdout=subprocess.PIPE)


def test_states_move_to_the_bucket_where_a_second_writer_is_refused(scenario):
    scenario, world = scenario
    scenario.in_small()

    first = scenario.bootstrap()
    assert "gh variable set AWS_DEPLOYER --env staging" in first.stdout
    assert roles(world) == ["meridian-deployer", "meridian-planner", "meridian-staging-deployer",
        "meridian-staging-viewer", "meridian-viewer"]
    listed = world.aws("s3api", "list-objects-v2", "--bucket", BUCKET)
    assert sorted(item["Key"] for item in listed["Contents"]) == ["bootstrap.tfstate", "env:/staging/stack.tfstate",
        "stack.tfstate"]
    for name, text in applied(world).items():
        kind = name.split("-")[-1].split()[-1]
        file = ROOT / f"modules/aws/delivery/policies/{kind}.json"
        assert remarks(text) <= (remarks(file.read_text()) if file.exists() else REMARKS.get(kind, set())), name
    assert "repository_url" in (scenario.stack / "bootstrap.auto.tfvars").read_text()
    assert scenario.notes() == ["first", "of staging"]

    again = scenario.bootstrap()
    assert "No changes" in again.stdout
    scenario.second_writer()
    listing, get = re.search(r"\| AWS \| `(aws s3api list-object-versions .*?)` \| `(.*?)` \|",
        (ROOT / "stacks/bootstrap/README.md").read_text()).groups()
    versions = guided(scenario, listing).stdout.splitlines()
    found = []
    for version in (line.split("\t")[0] for line in versions if line.endswith("\tstack.tfstate")):
        guided(scenario, get.replace("VERSION", version))
        found.append((scenario.root / "old.tfstate").read_text())
    scenario.restored(found)

    # A colleague without state and backend.tf, which were not committed yet.
    other = scenario.root.parent / "other"
    shutil.copytree(scenario.root, other,
        ignore=shutil.ignore_patterns("backend.tf", ".terraform", "*.tfstate*", "colleague"))
    continued = scenario.bootstrap(root=other)
    assert "continuing with that" in continued.stdout and "No changes" in continued.stdout
    assert (other / "stacks/bootstrap/aws/backend.tf").exists()

    refused = scenario.terraform("destroy", "-auto-approve", folder=scenario.root / "stacks/bootstrap/aws", check=False)
    assert "prevent_destroy" in refused.stdout
    stands = scenario.bootstrap("remove", check=False)
    assert stands.returncode != 0 and "stacks/aws (default), stacks/aws (staging)" in stands.stdout
    for workspace in ("staging", "default"):
        scenario.terraform("workspace", "select", workspace)
        scenario.terraform("destroy", "-auto-approve")
    scenario.bootstrap("remove")
    assert roles(world) == [] and world.aws("s3api", "list-buckets")["Buckets"] == []
    assert world.aws("ecr", "describe-repositories")["repositories"] == []
    assert not list((scenario.root / "stacks").rglob("backend.tf"))


OIDC = "token.actions.githubusercontent.com"


@pytest.mark.parametrize(
    "command, said",
    [
        (f"s3api create-bucket --bucket {BUCKET}", f"{BUCKET}, which is to hold the states, exists already"),
        ("ecr create-repository --repository-name meridian-shared", "import 'aws_ecr_repository.this' meridian-shared"),
        ("iam create-role --role-name meridian-planner --assume-role-policy-document "
            "{\"Version\":\"2012-10-17\",\"Statement\":[]}", "role meridian-planner"),
        (f"iam create-open-id-connect-provider --url https://{OIDC}",
            f'provider = "arn:aws:iam::{ACCOUNT}:oidc-provider/{OIDC}"'),
    ],
)
def test_existing_resources_stop_the_bootstrap_before_any_change(scenario, command, said):
    scenario, world = scenario
    with open(scenario.root / "stacks/bootstrap/aws/terraform.tfvars", "a") as variables:
        variables.write(
            'github = { owner = "someone", owner_id = 1234567, repository = "meridian", repository_id = 7654321 }\n')
    world.aws(*command.split())
    before = [len(world.aws(*each.split())[key]) for each, key in LISTS.items()]
    refused = scenario.bootstrap(check=False)
    assert refused.returncode == 1 and said in refused.stdout, refused.stdout
    assert "Nothing was changed" in refused.stdout, refused.stdout
    assert [len(world.aws(*each.split())[key]) for each, key in LISTS.items()] == before
    assert scenario.backends() == [] and scenario.states() == []


LISTS = {
    "s3api list-buckets": "Buckets",
    "ecr describe-repositories": "repositories",
    "iam list-roles": "Roles",
    "iam list-open-id-connect-providers": "OpenIDConnectProviderList",
}


def test_a_bootstrap_killed_after_each_step_continues(scenario):
    scenario, world = scenario
    scenario.in_small()
    # A stack that was deployed earlier has a repository of its own.
    world.aws("ecr", "create-repository", "--repository-name", "meridian")
    # A stack whose state is elsewhere keeps it there.
    hosted = scenario.root / "stacks/vm/aws/backend.tf"
    hosted.write_text("terraform {\n  cloud {}\n}\n")
    scenario.killed("after", "apply")
    assert BUCKET in [each["Name"] for each in world.aws("s3api", "list-buckets")["Buckets"]]
    assert scenario.backends() == ["stacks/vm/aws"]
    for folder in ("stacks/aws", "stacks/bootstrap/aws"):
        scenario.killed("before", f"clone/{folder} init*-migrate-state")
        assert folder in scenario.backends() and folder.removeprefix("stacks/") in scenario.states()
    done = scenario.bootstrap()
    assert "An earlier run stopped while it moved" in done.stdout and "No changes" in done.stdout, done.stdout
    assert scenario.states() == [] and scenario.notes() == ["first", "of staging"]
    assert "stacks/vm/aws keeps its state in HCP Terraform" in done.stdout and "cloud {}" in hosted.read_text()
    assert [each["repositoryName"]
        for each in world.aws("ecr", "describe-repositories")["repositories"]] == ["meridian", "meridian-shared"]
    refused = scenario.bootstrap("remove", check=False)
    assert refused.returncode == 1, refused.stdout
    assert f"then remove {hosted.relative_to(scenario.root)}" in refused.stdout
