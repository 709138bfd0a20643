"""Services that others wrote, unchanged, on Azure by variables alone: support/own_service.py."""

import pytest
from support.aws_world import in_order  # noqa: F401 a fixture
from support.own_service import Azure as STAGE  # noqa: F401 by a fixture
from support.own_service import Canaried, Scenario, images, stage, stranger  # noqa: F401 fixtures

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "azurerm", "jdk", "docker", "go", "postgres")]
SERVICES = "podinfo", "stac", "zipkin"


@pytest.mark.parametrize("stranger", SERVICES[:2], indirect=True, scope="module")
class TestOwnService(Canaried):
    pass


@pytest.mark.parametrize("stranger", SERVICES[2:], indirect=True, scope="module")
class TestSlowToStart(Scenario):
    pass
