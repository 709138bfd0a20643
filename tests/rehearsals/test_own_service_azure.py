"""Unchanged third-party services on Azure by variables alone: support/own_service.py."""

import pytest
from support.aws_world import in_order  # noqa: F401 a fixture
from support.own_service import Azure as STAGE  # noqa: F401 by a fixture
from support.own_service import (  # noqa: F401 fixtures, and a test
    Scenario,
    images,
    on_demand,
    stage,
    stranger,
    test_four_lines_are_enough,
)

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "azurerm", "jdk", "docker", "go", "postgres")]
SERVICES = "podinfo", "stac", "zipkin", "slow", "slowest"


@pytest.mark.parametrize("stranger", [*map(on_demand, SERVICES)], indirect=True, scope="module")
class TestOwnService(Scenario):
    pass
