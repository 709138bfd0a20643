"""The canary on Azure and Google Cloud end to end: real stacks and providers on the doubles, real requests.

In place of the load balancer, a server asks the double for each image's weight.
"""

import functools
import sys

import pytest
from doubles.balancer import Balancer
from support import azure_world, gcp_world
from support.machine import ROOT, need

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "jdk")]

CLOUDS = {
    "azure": (azure_world, azure_world.Azure, "azurerm"),
    "gcp": (gcp_world, gcp_world.Gcp, "google"),
}


def version(image):
    return image.split("@")[1]


@pytest.fixture(scope="module", params=CLOUDS)
def stage(request, tmp_path_factory):
    module, rehearsal, provider = CLOUDS[request.param]
    for name in ("terraform", "jdk", provider):
        need(name)  # the mark is evaluated too late for a module's fixture
    cloud = rehearsal(tmp_path_factory.mktemp(request.param))
    cloud.set()
    cloud.apply()

    def weights():
        return {version(image): weight for image, weight in cloud.serving().items() if weight}

    with Balancer(weights, version(module.C)) as balancer:
        environment = balancer.environment(f"{sys.executable} {ROOT / 'scripts/meridian'} probe", minutes=0.3,
            responses=40)
        yield module, cloud, balancer, functools.partial(cloud.said, "canary", **environment)
    cloud.stop()


def settled(cloud, image):
    cloud.set(image=image, canary=None)
    return cloud.settled()


def test_a_clean_canary_is_promoted_without_leftovers(stage):
    module, cloud, balancer, canary = stage
    assert "Promoted" in canary(IMAGE=module.B)
    assert ((version(module.A), 90), (version(module.B), 10)) in balancer.stood, "a tenth went to it"
    assert cloud.serving() == {module.B: 100}
    assert settled(cloud, module.B)


def test_a_half_failing_canary_beside_a_healthy_stable_is_withdrawn(stage):
    module, cloud, balancer, canary = stage
    assert "fails more often than the stable version" in canary(IMAGE=module.C, code=1)
    assert ((version(module.B), 90), (version(module.C), 10)) in balancer.stood
    assert {image: weight for image, weight in cloud.serving().items() if weight} == {module.B: 100}
    assert settled(cloud, module.B)
