"""Unchanged third-party services on AWS by variables alone: support/own_service.py; and the probe's limit."""

import pytest
from support.aws_world import in_order  # noqa: F401 a fixture
from support.ecs import Task
from support.own_service import Aws as STAGE  # noqa: F401 by a fixture
from support.own_service import (  # noqa: F401 fixtures, and a test
    Scenario,
    images,
    on_demand,
    stage,
    stranger,
    test_four_lines_are_enough,
)

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "aws", "aws-cli", "docker-registry", "docker", "go",
    "jdk", "postgres")]
SERVICES = "tiny", "podinfo", "stac", "zipkin", "slowest"


@pytest.mark.parametrize("stranger", [*map(on_demand, SERVICES)], indirect=True, scope="module")
class TestOwnService(Scenario):
    pass


@pytest.mark.parametrize("image", ["podinfo", "foreign"])
def test_no_probe_run_exceeds_its_limit_whatever_its_image(stage, images, image):  # noqa: F811 fixtures
    """podinfo does not understand the probe's arguments and exits; the other image serves whatever its arguments."""
    stored = stage.definition("meridian-probe")
    limit = stored["containerDefinitions"][0]["startTimeout"]
    assert limit <= 120
    with Task(stored, {**images, "docker.io/a/foreign": images[f"docker.io/a/{image}"]}, second=0.1) as task:
        why = task.wait(limit * 0.1 + 20)
        assert why.startswith("Essential container" if image == "podinfo" else "limit gave up"), task.log()
        assert not any(container.state["Running"] for _, container, _ in task.running.values())
