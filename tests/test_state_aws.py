"""The bootstrap of AWS, and the states it keeps: on moto, with the real provider and backend."""

import shutil
import sys

import pytest

from conftest import ROOT

sys.path.insert(0, str(ROOT / "tests/rehearse"))

import aws_world
from aws_world import ACCOUNT, Clone
from state_story import Story

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "aws", "aws-cli")]

BUCKET = f"meridian-state-{ACCOUNT}-us-east-1"


class World(aws_world.World):
    """AWS alone: repositories keep ECR's own addresses, which rights are made of."""

    def __enter__(self):
        self.registry = ""
        self.serve(ROOT / "tests/state_moto.py")
        return self


@pytest.fixture
def story(tmp_path):
    with World(tmp_path) as world:
        clone = Clone(tmp_path / "clone", world)
        yield Story(clone.folder, "aws", world.environment()), world


def roles(world):
    return sorted(role["RoleName"] for role in world.aws("iam", "list-roles")["Roles"])


def test_states_move_to_the_bucket_where_a_second_writer_is_refused(story):
    story, world = story
    story.in_small()

    first = story.bootstrap()
    assert "gh variable set AWS_DEPLOYER --env staging" in first.stdout
    assert roles(world) == ["meridian-deployer", "meridian-planner", "meridian-staging-deployer", "meridian-staging-viewer", "meridian-viewer"]
    listed = world.aws("s3api", "list-objects-v2", "--bucket", BUCKET)
    assert sorted(item["Key"] for item in listed["Contents"]) == ["bootstrap.tfstate", "env:/staging/stack.tfstate", "stack.tfstate"]
    assert "repository_url" in (story.stack / "bootstrap.auto.tfvars").read_text()
    assert story.notes() == ["first", "of staging"]

    again = story.bootstrap()
    assert "No changes" in again.stdout
    story.second_writer()

    # A colleague who has neither state nor backend.tf, for these were not committed yet.
    other = story.root.parent / "other"
    shutil.copytree(story.root, other, ignore=shutil.ignore_patterns("backend.tf", ".terraform", "*.tfstate*", "colleague"))
    taken_up = story.bootstrap(root=other)
    assert "goes on with that" in taken_up.stdout and "No changes" in taken_up.stdout
    assert (other / "stacks/bootstrap/aws/backend.tf").exists()

    refused = story.terraform("destroy", "-auto-approve", folder=story.root / "stacks/bootstrap/aws", check=False)
    assert "prevent_destroy" in refused.stdout
    stands = story.bootstrap("remove", check=False)
    assert stands.returncode != 0 and "stacks/aws (default), stacks/aws (staging)" in stands.stdout
    for workspace in ("staging", "default"):
        story.terraform("workspace", "select", workspace)
        story.terraform("destroy", "-auto-approve")
    story.bootstrap("remove")
    assert roles(world) == [] and world.aws("s3api", "list-buckets")["Buckets"] == [] and world.aws("ecr", "describe-repositories")["repositories"] == []
    assert not list((story.root / "stacks").rglob("backend.tf"))


def test_a_bucket_that_is_there_already_stops_it_before_anything_is_changed(story):
    story, world = story
    world.aws("s3api", "create-bucket", "--bucket", BUCKET)
    refused = story.bootstrap(check=False)
    assert refused.returncode != 0 and BUCKET in refused.stdout and "Nothing was changed" in refused.stdout
    assert roles(world) == [] and world.aws("ecr", "describe-repositories")["repositories"] == []
    assert not list((story.root / "stacks").rglob("backend.tf"))
