"""A platform on Azure or Google Cloud in two environments, and its services, with the real provider on the double.

The tests build on each other, from the first apply to the last destroy. A rehearsal's class Cloud has what differs.
"""

import contextlib
import functools
import json
import shutil
import subprocess

import pytest
from doubles.balancer import Balancer
from support.load import Load
from support.machine import EXCLUDED, ROOT
from support.rehearsal import ALL_PREVIEWS, Rehearsal, by_type, changed

DOMAINS = {"staging": "staging.example.com", "prod": "services.example.com"}
DOMAIN = DOMAINS["staging"]
SERVICES = {"orders": {"slot": 1}, "users": {"slot": 2, "check": {"path": "/health"}},
    "search": {"slot": 3, "request_seconds": 120}}


class Part(Rehearsal):
    """One of several stacks on the same double: a platform, or a service on it."""

    def __init__(self, whole, name, folder):
        """whole: the rehearsal with the double and the environment; folder: of this stack, below stacks"""
        self.cloud, self.folder, self.fake, self.environment = whole.cloud, whole.folder, whole.fake, whole.environment
        self.name, self.stack = name, whole.folder / "stacks" / folder
        self.image, self.canary, self.settings = None, None, {}

    def turn(self, **variables):
        """Set variables besides those that every step sets."""
        (self.stack / "turned.auto.tfvars.json").write_text(json.dumps({"name": self.name, **variables}))

    def begin(self, action, arguments=()):
        """Start an apply or destroy."""
        return subprocess.Popen(["terraform", f"-chdir={self.stack}", action, "-input=false", "-auto-approve",
            "-parallelism=20", "-no-color", *arguments], env=self.environment, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)

    def refused(self, action):
        """Output of an apply or destroy that must fail, on one line."""
        return one_line(self.terraform(action, "-input=false", "-auto-approve", codes=(1,)).stdout)

    def kinds(self):
        """Number of the stack's resources per type, without documents."""
        listed = self.terraform("state", "list").stdout.splitlines()
        return by_type([each for each in listed if "module.documents" not in each and ".data." not in f".{each}"])


class Platform(Part):
    def __init__(self, whole, name):
        super().__init__(whole, name, f"platform/{name}")
        shutil.copytree(ROOT / "stacks/platform" / whole.cloud, self.stack, ignore=EXCLUDED)
        self.environment, self.own = whole.platforms, whole.own(DOMAINS[name])
        self.terraform("init", "-input=false")

    def declare(self, services, previews=20):
        self.turn(services=services, previews=previews, **self.own)


class Service(Part):
    """A service on a platform: a service's stack in a folder of its own."""

    def __init__(self, whole, platform, key):
        super().__init__(whole, f"{platform.name}-{key}", f"{platform.name}-{key}")
        shutil.copytree(whole.stack, self.stack, symlinks=True)
        self.host = f"{key}.{DOMAINS[platform.name]}"
        variables = platform.outputs()["tfvars"]
        self.turn(**variables)
        self.set(image=f"{variables['platform']['repository_url']}@sha256:{'a' * 64}")


def one_line(said):
    return " ".join(said.replace("│", " ").split())


def together(action, *parts, arguments=()):
    """Apply or destroy several parts at once."""
    for each in [part.begin(action, arguments) for part in parts]:
        ended(each)


def ended(process):
    said = process.communicate()[0]
    assert process.returncode == 0, said


class Stage:
    def __init__(self, cloud):
        self.cloud = cloud
        self.platform, self.prod = (Platform(cloud, name) for name in DOMAINS)
        self.platform.declare(SERVICES)
        self.prod.declare({"orders": SERVICES["orders"]}, previews=0)
        cloud.found(self.platform, self.prod)
        self.services = {key: Service(cloud, self.platform, key) for key in (*SERVICES, "p2")}
        self.other = Service(cloud, self.prod, "orders")
        together("apply", self.platform, self.prod, *self.services.values(), self.other)

    def weights(self, host):
        """Service and version to percent, for a host of staging."""
        name = self.cloud.led(self.platform, host)
        serving = self.cloud.serving(self.cloud.path(name))
        return {f"{name} {image.partition('@')[2]}": percent for image, percent in serving.items() if percent}

    @contextlib.contextmanager
    def visited(self):
        """Send sixty requests a second to each service by its host, with a server in the load balancer's place."""
        with contextlib.ExitStack() as running:
            loads = {}
            for key, service in self.services.items():
                front = running.enter_context(Balancer(functools.partial(self.weights, service.host), None))
                loads[key] = running.enter_context(Load(front.address, front.port, rate=60, connections=5, patience=30,
                    name=service.host))
            for load in loads.values():
                load.wait_for(60)
            yield loads


@pytest.fixture(scope="module")
def stage(request, tmp_path_factory):
    cloud = request.module.Cloud(tmp_path_factory.mktemp("platform"))
    try:
        yield Stage(cloud)
    finally:
        cloud.stop()


class Scenario:
    def test_a_second_plan_is_empty(self, stage):
        for each in (stage.platform, stage.prod, stage.other, *stage.services.values()):
            assert each.settled()

    def test_a_service_has_at_most_fifteen_resources_and_none_that_the_platform_shares(self, stage):
        for key in SERVICES:
            kinds = stage.services[key].kinds()
            assert sum(kinds.values()) <= 15, kinds
            assert not [kind for kind in kinds if any(word in kind for word in stage.cloud.SHARED)], kinds
        assert stage.services["p2"].kinds() == stage.cloud.PREVIEW
        assert "dashboard_url" not in stage.services["p2"].outputs()

    def test_each_service_answers_to_its_own_host_and_to_no_other(self, stage):
        led = stage.cloud.led
        for service in stage.services.values():
            assert service.outputs()["url"] == f"https://{service.host}"
            assert led(stage.platform, service.host) == service.name
            assert led(stage.prod, service.host) == "https://services.example.com"
        # Declared but not deployed yet: the host leads to its own name, not to another service.
        assert led(stage.platform, f"p7.{DOMAIN}") == "staging-p7"
        for host in (f"nobody.{DOMAIN}", DOMAIN, stage.other.host):
            assert led(stage.platform, host) == f"https://{DOMAIN}"
        assert led(stage.prod, stage.other.host) == stage.other.name

    def test_a_canary_affects_no_other_service_while_a_second_environment_is_destroyed(self, stage):
        orders = stage.services["orders"]

        def others():
            return {path: each for path, each in stage.cloud.fake.resources().items() if orders.name not in path}

        standing, second = others(), orders.image.replace("a" * 64, "b" * 64)
        together("destroy", stage.other)
        going = stage.prod.begin("destroy")
        with stage.visited() as loads:
            orders.set(canary={"image": second, "percent": 10, "stable": orders.outputs()["revision"]})
            together("apply", orders)
            assert stage.weights(orders.host) == {f"{orders.name} sha256:{letter * 64}": percent
                for letter, percent in (("a", 90), ("b", 10))}
            loads["orders"].wait_for(loads["orders"].answered + 300)
            orders.set(canary={**orders.canary, "percent": 100})
            together("apply", orders)
            orders.set(image=second, canary=None)
            together("apply", orders)
        for key, load in loads.items():
            assert not load.lost and not load.refused and set(load.statuses) == {200}, f"{key}: {load.statuses}"
            assert set(load.versions) == {f"staging-{key} sha256:{letter * 64}"
                for letter in ("ab" if key == "orders" else "a")}
        assert orders.settled() and orders.outputs()["image"] == second
        ended(going)
        after = others()
        assert after == {path: standing[path] for path in after}
        assert [path for path in standing if path not in after and "staging" in path] == []
        assert "prod-" not in json.dumps(after) and "services.example.com" not in json.dumps(after)

    def test_nothing_that_a_service_needs_is_removed(self, stage):
        cloud, platform = stage.cloud, stage.platform
        before = cloud.fake.resources()
        platform.declare({key: service for key, service in SERVICES.items() if key != "users"})
        said = platform.refused("apply")
        assert ("staging-users stands on the platform staging. Remove it first: "
            f"./taskw destroy-{cloud.cloud} SERVICE=users") in said
        platform.declare(SERVICES, previews=1)
        assert "staging-p2 stands on the platform staging" in platform.refused("apply")
        assert cloud.fake.resources() == before
        platform.declare(SERVICES)
        said = platform.refused("destroy")
        for service in stage.services.values():
            assert f"{service.name} stands on the platform staging" in said
        assert cloud.fake.resources() == before
        # The refused destroy removed only the checks of services that are not deployed.
        assert {tuple(actions) for actions in changed(platform.plan()).values()} == {("create",)}
        together("apply", platform)
        assert cloud.fake.resources() == before and platform.settled()

    def test_an_undeclared_service_is_refused(self, stage):
        said = one_line(Service(stage.cloud, stage.platform, "stranger").refused_at_plan())
        assert '"staging-stranger" is not one of staging-orders,' in said
        assert f"stacks/platform/{stage.cloud.cloud}" in said

    @ALL_PREVIEWS
    def test_each_of_twenty_previews_answers_to_its_own_host(self, stage):
        """Four at a time."""
        parts = [Service(stage.cloud, stage.platform, f"p{number}") for number in range(1, 21) if number != 2]
        fours = [parts[at : at + 4] for at in range(0, len(parts), 4)]
        for four in fours:
            together("apply", *four)
        for each in parts:
            assert each.settled() and sum(each.kinds().values()) <= 20
            assert each.outputs()["url"] == f"https://{each.host}"
            assert stage.cloud.led(stage.platform, each.host) == each.name
        for four in fours:
            together("destroy", *four)
        assert stage.platform.settled() and all(each.settled() for each in stage.services.values())

    def test_services_and_platform_are_destroyed_without_leftovers(self, stage):
        services = stage.services
        together("destroy", services["p2"], services["users"])
        stage.platform.declare({key: service for key, service in SERVICES.items() if key != "users"}, previews=0)
        together("apply", stage.platform)
        assert stage.cloud.led(stage.platform, services["users"].host) == f"https://{DOMAIN}"
        assert stage.platform.settled() and services["search"].settled()
        together("destroy", services["search"], services["orders"])
        together("destroy", stage.platform)
        assert stage.cloud.leftovers() == set()
