"""A platform of Google Cloud and its services with the real provider, on the double: what a service's stack makes, what
is led where, whose alarm rings, and what is refused while a service stands.

The tests follow one another as a life does, from the first apply to the last destroy.
"""

import os
import re

import pytest
from support.gcp_world import COMPUTE, PROJECT, Gcp, gcloud
from support.machine import copy
from support.rehearsal import ALL_PREVIEWS, Part, Service, changed, further_previews, together

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "google", "jdk")]

DOMAIN = "staging.example.com"
SERVICES = {"orders": {"slot": 1}, "users": {"slot": 2, "check": {"path": "/health"}},
    "search": {"slot": 3, "request_seconds": 600}}
# What a platform is there for: none of these is a service's own.
SHARED = ("_compute_", "dns", "certificate", "repository", "project_service", "notification")


class Platform(Part):
    def __init__(self, gcp):
        super().__init__(gcp, "staging", "platform/gcp")
        copy(gcp.folder, "stacks/platform/gcp")
        self.terraform("init", "-input=false")

    def declare(self, services, previews=20):
        self.turn(services=services, previews=previews, email="ops@example.com",
            domain={"name": DOMAIN, "zone": "example-com"})


@pytest.fixture(scope="module")
def gcp(tmp_path_factory):
    rehearsal = Gcp(tmp_path_factory.mktemp("platform"))
    rehearsal.environment["PATH"] = f"{gcloud(rehearsal.folder)}:{os.environ['PATH']}"
    yield rehearsal
    rehearsal.stop()


@pytest.fixture(scope="module")
def platform(gcp):
    standing = Platform(gcp)
    standing.declare(SERVICES)
    together("apply", standing)
    return standing


@pytest.fixture(scope="module")
def services(gcp, platform):
    created = {key: Service(gcp, platform, key) for key in (*SERVICES, "p2")}
    together("apply", *created.values())
    return created


def run(gcp, service):
    return gcp.get("run", f"v2/projects/{PROJECT}/locations/us-central1/services/{service.name}")


def led(gcp, host, port="https"):
    """Where the load balancer leads a host: the name of a service, or of the host that it redirects to."""
    rule = gcp.get("compute", f"compute/v1/{COMPUTE}/forwardingRules/staging-platform-{port}")

    def compute(link):
        return gcp.get("compute", "compute/v1/" + link.split("/compute/v1/")[-1])

    hosts = compute(compute(rule["target"])["urlMap"])
    for each in hosts.get("hostRules", []):
        if host in each["hosts"]:
            [matcher] = [one for one in hosts["pathMatchers"] if one["name"] == each["pathMatcher"]]
            [backend] = compute(matcher["defaultService"])["backends"]
            return compute(backend["group"])["cloudRun"]["service"]
    return hosts["defaultUrlRedirect"].get("hostRedirect", host)


def test_the_platform_and_each_service_have_nothing_to_change_at_once_again(platform, services):
    for each in (platform, *services.values()):
        assert each.settled()


def test_a_second_service_has_at_most_fifteen_resources_and_none_that_the_platform_has(gcp, services):
    for key in ("orders", "users", "search"):
        kinds = services[key].kinds()
        assert sum(kinds.values()) <= 15, kinds
        assert not [kind for kind in kinds if any(word in kind for word in SHARED)], kinds
    assert services["p2"].kinds() == {"google_cloud_run_v2_service": 1, "google_service_account": 1}
    assert run(gcp, services["p2"])["scaling"] == {"minInstanceCount": 1, "maxInstanceCount": 1}
    assert services["p2"].outputs()["url"] == f"https://p2.{DOMAIN}" and "dashboard_url" not in services["p2"].outputs()


def test_each_answers_to_its_own_host_and_to_no_other(gcp, services):
    for key, service in services.items():
        assert service.outputs()["url"] == f"https://{key}.{DOMAIN}"
        assert led(gcp, f"{key}.{DOMAIN}") == service.name
        assert led(gcp, f"{key}.{DOMAIN}", "http") == f"{key}.{DOMAIN}"
    # Declared and not there yet: a name of its own, and no other service's.
    assert led(gcp, f"p7.{DOMAIN}") == "staging-p7"
    assert led(gcp, f"nobody.{DOMAIN}") == DOMAIN
    certificates = f"v1/projects/{PROJECT}/locations/global"
    [certificate] = gcp.get("certificatemanager", f"{certificates}/certificates")["certificates"]
    assert certificate["managed"]["domains"] == [f"*.{DOMAIN}"]


def test_services_get_out_by_the_platforms_rules(gcp, services):
    rules = {tag: each for each in gcp.get("compute", f"compute/v1/{COMPUTE}/firewalls")["items"]
        for tag in each.get("targetTags", [])}
    assert set(rules) == {"staging-platform-service", "staging-platform-probe"}
    for service in services.values():
        [interface] = run(gcp, service)["template"]["vpcAccess"]["networkInterfaces"]
        assert interface["tags"] == ["staging-platform-service"]
    assert rules["staging-platform-service"]["allowed"][0]["ports"] == ["443"]


def test_an_alarm_set_off_for_one_service_rings_for_that_one_alone(gcp, services):
    backends = {each["name"] for each in gcp.get("compute", f"compute/v1/{COMPUTE}/backendServices")["items"]}
    policies = gcp.get("monitoring", f"v3/projects/{PROJECT}/alertPolicies")["alertPolicies"]
    for key in SERVICES:
        assert f"staging-{key}" in backends
        mine = [each for each in policies if each["displayName"].startswith(f"staging-{key} ")]
        assert len(mine) == 6
        for each in mine:
            query = each["conditions"][0].get("conditionPrometheusQueryLanguage", {}).get("query", "")
            named = set(re.findall(r'(?:backend_target_name|service_name|job_name)="([^"]*)"', query))
            assert named <= {f"staging-{key}", f"staging-{key}-probe"}
            assert named or not query, each


def test_a_canary_of_one_service_touches_no_other(gcp, services):
    orders = services["orders"]
    standing = {path: each for path, each in gcp.fake.resources().items() if "/staging-orders" not in path}
    other = orders.image.replace("a" * 64, "b" * 64)
    orders.set(canary={"image": other, "percent": 10, "stable": orders.outputs()["revision"]})
    together("apply", orders)
    assert {each["percent"] for each in run(gcp, orders)["traffic"]} == {10, 90}
    orders.set(image=other, canary=None)
    together("apply", orders)
    assert orders.settled() and orders.outputs()["image"] == other
    now = {path: each for path, each in gcp.fake.resources().items() if "/staging-orders" not in path}
    assert standing == now


def test_what_a_service_stands_on_is_not_taken_away(gcp, platform, services):
    before = gcp.fake.resources()
    platform.declare({key: service for key, service in SERVICES.items() if key != "users"})
    said = platform.refused("apply")
    assert "staging-users stands on the platform staging. Remove it first: ./taskw destroy-gcp SERVICE=users" in said
    assert gcp.fake.resources() == before
    platform.declare(SERVICES)
    said = platform.refused("destroy")
    for key in services:
        assert f"staging-{key} stands on the platform staging" in said
    assert gcp.fake.resources() == before
    # What was asked about and does not stand was forgotten, and nothing else.
    assert {tuple(actions) for actions in changed(platform.plan()).values()} == {("create",)}
    together("apply", platform)
    assert gcp.fake.resources() == before and platform.settled()


@ALL_PREVIEWS
def test_each_of_twenty_previews_answers_to_its_own_host(gcp, platform, services):
    further_previews(gcp, platform, lambda host: led(gcp, host))
    assert platform.settled() and all(each.settled() for each in services.values())


def test_all_of_it_goes_and_nothing_is_left(gcp, platform, services):
    together("destroy", services["p2"], services["users"])
    platform.declare({key: service for key, service in SERVICES.items() if key != "users"}, previews=0)
    together("apply", platform)
    assert led(gcp, f"users.{DOMAIN}") == DOMAIN and platform.settled()
    assert services["search"].settled()
    together("destroy", services["search"], services["orders"])
    together("destroy", platform)
    leftovers = {path for path in gcp.fake.resources() if "/services/" not in path or "googleapis.com" not in path}
    assert leftovers == set()
