"""./taskw prove-azure and -gcp as typed, with the real providers on the doubles of both clouds and a server in the load
balancer's place."""

import json
import sys

import pytest
from doubles.balancer import Balancer
from support import azure_world, gcp_world
from support.machine import ROOT, need

pytestmark = [pytest.mark.on_demand, pytest.mark.needs("terraform", "jdk")]

# From a registry outside the clouds, so that no right to it is needed.
FIRST, OTHER = (f"docker.io/someone/meridian@sha256:{digit * 64}" for digit in "12")
BOTH = ("deploy", "again", "canary", "broken", "leftovers")
# Without gcp-destroy: on Google a destroy waits for the network, which the double releases at once.
PROVED = {"azure": {f"azure-{claim}" for claim in (*BOTH, "gateway", "destroy")},
    "gcp": {f"gcp-{claim}" for claim in (*BOTH, "address")}}
GROUP = f"{azure_world.SUBSCRIPTION}/resourceGroups/meridian"
CLOUDS = {
    "azure": ("azurerm", azure_world.Azure, f"{GROUP}-prove/providers/Microsoft.App/containerApps/meridian-prove"),
    "gcp": ("google", gcp_world.Gcp, f"{gcp_world.SERVICE}-prove"),
}


def put_foreign(cloud):
    """Create a foreign resource, which the run must not touch."""
    if cloud.cloud == "azure":
        return cloud.ask("PUT", GROUP, {"location": "westeurope"})
    cloud.fake.order("enable", services=["compute"])
    return cloud.ask("POST", "compute", f"compute/v1/{gcp_world.COMPUTE}/networks", {"name": "meridian"})


@pytest.fixture(scope="module", params=CLOUDS)
def cloud(request, tmp_path_factory):
    provider, rehearsal, service = CLOUDS[request.param]
    for name in ("terraform", "jdk", provider):
        need(name)
    cloud = rehearsal(tmp_path_factory.mktemp(request.param))
    cloud.service_path, cloud.provider = service, provider
    yield cloud
    cloud.stop()


def test_prove_rehearses_what_the_double_can_show_and_cleans_up(cloud):
    assert put_foreign(cloud)[0] in (200, 201)
    before = set(cloud.fake.resources())

    def weights():
        return {image.split("@")[1]: weight for image, weight in cloud.serving(cloud.service_path).items() if weight}

    with Balancer(weights, None) as balancer:
        environment = balancer.environment(f"{sys.executable} {ROOT / 'scripts/meridian'} probe", minutes=0.3,
            responses=40)
        said = cloud.said("prove", IMAGE=FIRST, OTHER=OTHER, YES="1", LIMIT="2", **environment)
    assert "Outcomes are recorded as REHEARSED, never as SEEN" in said
    [file] = (cloud.folder / ".cache/proof").glob("*.json")
    record = json.loads(file.read_text())
    outcomes = {name: entry["outcome"] for name, entry in record["claims"].items()}
    assert {name for name, outcome in outcomes.items() if outcome == "REHEARSED"} == PROVED[cloud.cloud], said
    assert set(outcomes.values()) == {"REHEARSED", "NOT TRIED"}
    assert record["claims"][f"{cloud.cloud}-canary"]["figures"]["requests"] > 50
    # An attached provider has no version.
    assert record["providers"].keys() <= {cloud.provider}
    assert ((FIRST.split("@")[1], 90), (OTHER.split("@")[1], 10)) in balancer.stood
    assert set(cloud.fake.resources()) == before
