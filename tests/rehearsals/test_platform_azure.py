"""A platform of Azure and its services with the real provider, on the double: what a service's stack makes, what is led
where, whose alarm rings, and what is refused while a service stands.

The tests follow one another as a life does, from the first apply to the last destroy.
"""

import pytest
from support.azure_world import GROUP, SUBSCRIPTION, Azure
from support.machine import ROOT, copy
from support.providers import Providers
from support.rehearsal import ALL_PREVIEWS, Part, Service, changed, further_previews, together

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "azurerm", "jdk")]

CERTIFICATE = f"{SUBSCRIPTION}/resourceGroups/keys/providers/Microsoft.KeyVault/vaults/certificates/secrets/wildcard"
ZONE = f"{SUBSCRIPTION}/resourceGroups/dns/providers/Microsoft.Network/dnsZones/example.com"
DOMAIN = "staging.example.com"
SERVICES = {"orders": {"slot": 1}, "users": {"slot": 2, "check": {"path": "/health"}},
    "search": {"slot": 3, "request_seconds": 120}}
# What a platform is there for: none of these is a service's own.
SHARED = ("gateway", "network", "subnet", "nat", "public_ip", "environment", "workspace", "dns", "registry",
    "action_group")


class Platform(Part):
    def __init__(self, azure):
        super().__init__(azure, "staging", "platform/azure")
        copy(azure.folder, "stacks/platform/azure")
        # A provider of its own: the one that is shared has the settings of who came last.
        (azure.folder / "provider").mkdir()
        self.providers = Providers(azure.folder / "provider", azure.environment)
        self.environment = {**azure.environment,
            "TF_REATTACH_PROVIDERS": self.providers.attach("azurerm", ROOT / "stacks/azure")}
        self.terraform("init", "-input=false")

    def declare(self, services, previews=20):
        self.turn(services=services, previews=previews, keep_images=10, domain={"name": DOMAIN, "zone": ZONE,
            "certificate": CERTIFICATE})


def app(azure, service):
    group = f"{SUBSCRIPTION}/resourceGroups/{service.name}"
    return azure.get(f"{group}/providers/Microsoft.App/containerApps/{service.name}")["properties"]


@pytest.fixture(scope="module")
def azure(tmp_path_factory):
    rehearsal = Azure(tmp_path_factory.mktemp("platform"))
    for path in (CERTIFICATE, ZONE):
        rehearsal.fake.order("put", id=path, name=path.split("/")[-1], type="/".join(path.split("/")[6:8]),
            properties={})
    yield rehearsal
    rehearsal.stop()


@pytest.fixture(scope="module")
def platform(azure, request):
    standing = Platform(azure)
    request.addfinalizer(standing.providers.__exit__)
    standing.declare(SERVICES)
    # All that a service stands on. The provider looks at a new alarm for two and a half minutes, so those of all are
    # made at once, below.
    standing.terraform("apply", "-input=false", "-auto-approve", *(f"-target=module.{part}" for part in ("edge",
        "registry", "alerts")))
    return standing


@pytest.fixture(scope="module")
def services(azure, platform):
    """Made while a right to pull takes five minutes; the platform's was given an hour before."""
    for each in azure.fake.resources().values():
        if each["type"].endswith("roleAssignments"):
            each["properties"]["createdOn"] = "2026-01-01T00:00:00Z"
            azure.fake.order("put", **each)
    azure.fake.order("spread", seconds=300)
    created = {key: Service(azure, platform, key) for key in (*SERVICES, "p2")}
    together("apply", platform, *created.values())
    return created


def gateway(azure):
    group = f"{SUBSCRIPTION}/resourceGroups/staging-platform"
    return azure.get(f"{group}/providers/Microsoft.Network/applicationGateways/staging-platform")["properties"]


def led(azure, host, port="https"):
    """Where the gateway leads a host: a name inside the network, or where it redirects to."""
    parts = gateway(azure)

    def part(kind, reference):
        return next(each["properties"] for each in parts[kind] if each["name"] == reference["id"].split("/")[-1])

    rules = [each["properties"] for each in parts["requestRoutingRules"]]
    for rule in sorted(rules, key=lambda each: each["priority"]):
        listener = part("httpListeners", rule["httpListener"])
        if listener["frontendPort"]["id"].endswith(f"/{port}") and listener.get("hostName") in (None, "", host):
            if "redirectConfiguration" in rule:
                redirect = part("redirectConfigurations", rule["redirectConfiguration"])
                return redirect.get("targetUrl") or redirect["targetListener"]["id"].split("/")[-1]
            return part("backendAddressPools", rule["backendAddressPool"])["backendAddresses"][0]["fqdn"]
    return None


def test_the_platform_and_each_service_have_nothing_to_change_at_once_again(platform, services):
    for each in (platform, *services.values()):
        assert each.settled()


def test_a_second_service_has_at_most_fifteen_resources_and_none_that_the_platform_has(services):
    for key in ("orders", "users", "search"):
        kinds = services[key].kinds()
        assert sum(kinds.values()) <= 15, kinds
        assert not [kind for kind in kinds if any(word in kind for word in SHARED)], kinds
    preview = services["p2"].kinds()
    assert preview == {"azurerm_resource_group": 1, "azurerm_user_assigned_identity": 1, "azurerm_container_app": 1,
        "terraform_data": 1}
    assert services["p2"].outputs()["url"] == f"https://p2.{DOMAIN}" and "dashboard_url" not in services["p2"].outputs()


def test_each_answers_to_its_own_host_and_to_no_other(azure, services):
    for key, service in services.items():
        assert service.outputs()["url"] == f"https://{key}.{DOMAIN}"
        assert led(azure, f"{key}.{DOMAIN}") == app(azure, service)["configuration"]["ingress"]["fqdn"]
    # Declared and not there yet: a name that the environment has, and no other service's.
    assert led(azure, f"p7.{DOMAIN}").startswith("staging-p7.")
    assert led(azure, f"nobody.{DOMAIN}") == f"https://{DOMAIN}"
    assert {led(azure, f"{key}.{DOMAIN}", "http") for key in services} == {"every-https"}
    record = azure.get(f"{ZONE}/A/*.staging")["properties"]
    assert record["targetResource"]["id"].endswith("/publicIPAddresses/staging-platform-gateway")


def test_an_alarm_set_off_for_one_service_rings_for_that_one_alone(azure, services):
    parts = gateway(azure)
    names = {kind: {each["name"] for each in parts[kind]} for kind in ("httpListeners", "backendAddressPools")}
    alerts = {path: each for path, each in azure.fake.resources().items() if each["type"].endswith("metricAlerts")}
    for key in SERVICES:
        # What Azure writes beside the metrics of one service.
        seen = {"Listener": key, "BackendSettingsPool": f"{key}~{key}", "BackendPool": key, "HttpStatusGroup": "5xx"}
        assert key in names["httpListeners"] & names["backendAddressPools"]
        ringing = set()
        for path, each in alerts.items():
            [criteria] = each["properties"]["criteria"]["allOf"]
            [scope] = each["properties"]["scopes"]
            if path.endswith("/staging-platform-errors") or not scope.endswith("/applicationGateways/staging-platform"):
                continue
            if all(seen[of["name"]] in of["values"] for of in criteria["dimensions"]):
                ringing.add(path.split("/")[-1])
        assert ringing == {f"staging-{key}-{alarm}" for alarm in ("errors", "unhealthy", "latency")}
    assert [path for path in alerts if path.endswith("/metricAlerts/staging-platform-errors")]


def test_a_canary_of_one_service_touches_no_other(azure, services):
    orders = services["orders"]
    standing = {path: each for path, each in azure.fake.resources().items() if "/staging-orders" not in path}
    other = orders.image.replace("a" * 64, "b" * 64)
    orders.set(canary={"image": other, "percent": 10, "stable": orders.outputs()["revision"]})
    together("apply", orders)
    assert {each["weight"] for each in app(azure, orders)["configuration"]["ingress"]["traffic"]} == {10, 90}
    orders.set(canary={**orders.canary, "percent": 100})
    together("apply", orders)
    orders.set(image=other, canary=None)
    together("apply", orders)
    assert orders.settled() and orders.outputs()["image"] == other
    assert standing == {path: each for path, each in azure.fake.resources().items() if "/staging-orders" not in path}


def test_what_a_service_stands_on_is_not_taken_away(azure, platform, services):
    before = azure.fake.resources()
    platform.declare({key: service for key, service in SERVICES.items() if key != "users"})
    said = platform.refused("apply")
    assert "staging-users stands on the platform staging. Remove it first: ./taskw destroy-azure SERVICE=users" in said
    platform.declare(SERVICES, previews=1)
    assert "staging-p2 stands on the platform staging" in platform.refused("apply")
    assert azure.fake.resources() == before
    platform.declare(SERVICES)
    said = platform.refused("destroy")
    for key in services:
        assert f"staging-{key} stands on the platform staging" in said
    assert azure.fake.resources() == before
    # What was asked about and does not stand was forgotten, and nothing else.
    assert {tuple(actions) for actions in changed(platform.plan()).values()} == {("create",)}
    together("apply", platform)
    assert azure.fake.resources() == before and platform.settled()


def test_a_key_that_is_not_declared_is_refused(azure, platform):
    stranger = Service(azure, platform, "stranger")
    said = " ".join(stranger.refused_at_plan().replace("│", " ").split())
    assert '"staging-stranger" is not one of staging-orders,' in said and "stacks/platform/azure" in said


@ALL_PREVIEWS
def test_each_of_twenty_previews_answers_to_its_own_host(azure, platform, services):
    further_previews(azure, platform, lambda host: led(azure, host).partition(".")[0])
    assert platform.settled() and all(each.settled() for each in services.values())


def test_all_of_it_goes_and_nothing_is_left(azure, platform, services):
    together("destroy", services["p2"], services["users"])
    platform.declare({key: service for key, service in SERVICES.items() if key != "users"}, previews=0)
    together("apply", platform)
    assert led(azure, f"users.{DOMAIN}") == f"https://{DOMAIN}" and platform.settled()
    assert services["search"].settled()
    together("destroy", services["search"], services["orders"])
    together("destroy", platform)
    assert azure.fake.resources().keys() == {ZONE, CERTIFICATE}
    assert [each for each in azure.fake.requests() if each["status"] in (405, 421, 500)] == []


@pytest.mark.parametrize(
    "code, change",
    [
        ("ApplicationGatewayActiveListenersLimitReached", lambda parts: [many(parts, number) for number in range(101)]),
        ("ApplicationGatewayRequestRoutingRulePriorityNotUnique",
            lambda parts: [many(parts, number, priority=7) for number in range(2)]),
        ("DuplicateResourceName", lambda parts: [many(parts, number, name="same") for number in range(2)]),
        ("ApplicationGatewayRedirectConfigurationTargetListenerWildcardHostNameError",
            lambda parts: many(parts, 0, host="*.example.com", redirect=True)),
    ],
)
def test_the_double_refuses_a_gateway_that_azure_refuses(azure, code, change):
    parts = {"sku": {"tier": "Standard_v2"}, "httpListeners": [], "requestRoutingRules": [],
        "redirectConfigurations": []}
    change(parts)
    azure.ask("PUT", GROUP, {"location": "westeurope"})
    status, response = azure.ask("PUT", f"{GROUP}/providers/Microsoft.Network/applicationGateways/many",
        {"properties": parts})
    assert (status, response["error"]["code"]) == (400, code)


def many(parts, number, name=None, priority=None, host=None, redirect=False):
    path = f"{GROUP}/providers/Microsoft.Network/applicationGateways/many"
    name = name or f"one{number}"
    parts["httpListeners"].append({"name": name, "properties": {"hostName": host or f"{number}.example.com"}})
    parts["requestRoutingRules"].append({"name": name, "properties": {"priority": priority or number + 1,
        "httpListener": {"id": f"{path}/httpListeners/{name}"}}})
    if redirect:
        parts["redirectConfigurations"].append({"name": name, "properties": {
            "targetListener": {"id": f"{path}/httpListeners/{name}"}}})
