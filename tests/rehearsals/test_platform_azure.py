"""A platform on Azure and its services: support/platform_scenario.py; which alarm fires, and what a gateway refuses."""

import pytest
from support.aws_world import in_order  # noqa: F401 a fixture
from support.azure_world import GROUP, SUBSCRIPTION, Azure
from support.machine import ROOT
from support.platform_scenario import SERVICES, Scenario, together
from support.providers import Providers

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "azurerm", "jdk")]

CERTIFICATE = f"{SUBSCRIPTION}/resourceGroups/keys/providers/Microsoft.KeyVault/vaults/certificates/secrets/wildcard"
ZONE = f"{SUBSCRIPTION}/resourceGroups/dns/providers/Microsoft.Network/dnsZones/example.com"


class Cloud(Azure):
    # What a platform is for: no service has one of these.
    SHARED = ("gateway", "network", "subnet", "nat", "public_ip", "environment", "workspace", "dns", "registry",
        "action_group")
    PREVIEW = {"azurerm_resource_group": 1, "azurerm_user_assigned_identity": 1, "azurerm_container_app": 1,
        "terraform_data": 1}

    def __init__(self, folder):
        super().__init__(folder)
        for path in (CERTIFICATE, ZONE):
            self.fake.order("put", id=path, name=path.split("/")[-1], type="/".join(path.split("/")[6:8]),
                properties={})
        # Platforms need their own provider: a shared one keeps the settings of the last run.
        (folder / "provider").mkdir()
        self.second = Providers(folder / "provider", self.environment)
        self.platforms = {**self.environment,
            "TF_REATTACH_PROVIDERS": self.second.attach("azurerm", ROOT / "stacks/azure")}

    def stop(self):
        self.second.__exit__()
        super().stop()

    def own(self, domain):
        return {"keep_images": 10, "domain": {"name": domain, "zone": ZONE, "certificate": CERTIFICATE}}

    def found(self, *platforms):
        """Deploy all that a service needs. The provider watches each new alarm for two and a half minutes, so all
        alarms are created together, later."""
        together("apply", *platforms, arguments=[f"-target=module.{part}" for part in ("edge", "registry", "alerts")])
        # From here on a right to pull takes five minutes to spread; the platforms' rights are old enough.
        for each in self.fake.resources().values():
            if each["type"].endswith("roleAssignments"):
                each["properties"]["createdOn"] = "2026-01-01T00:00:00Z"
                self.fake.order("put", **each)
        self.fake.order("spread", seconds=300)

    @staticmethod
    def path(name):
        return f"{SUBSCRIPTION}/resourceGroups/{name}/providers/Microsoft.App/containerApps/{name}"

    def gateway(self, platform):
        name = f"{platform.name}-platform"
        path = f"{SUBSCRIPTION}/resourceGroups/{name}/providers/Microsoft.Network/applicationGateways/{name}"
        return self.fake.resources()[path]["properties"]

    def led(self, platform, host, port="https"):
        """Name of the service to which the gateway leads a host, or the target of its redirect."""
        parts = self.gateway(platform)

        def part(kind, reference):
            return next(each["properties"] for each in parts[kind] if each["name"] == reference["id"].split("/")[-1])

        rules = [each["properties"] for each in parts["requestRoutingRules"]]
        for rule in sorted(rules, key=lambda each: each["priority"]):
            listener = part("httpListeners", rule["httpListener"])
            if listener["frontendPort"]["id"].endswith(f"/{port}") and listener.get("hostName") in (None, "", host):
                break
        if "redirectConfiguration" in rule:
            redirect = part("redirectConfigurations", rule["redirectConfiguration"])
            return redirect.get("targetUrl") or redirect["targetListener"]["id"].split("/")[-1]
        inside = part("backendAddressPools", rule["backendAddressPool"])["backendAddresses"][0]["fqdn"]
        name = inside.partition(".")[0]
        app = self.fake.resources().get(self.path(name))
        assert not app or app["properties"]["configuration"]["ingress"]["fqdn"] == inside
        return name

    def leftovers(self):
        assert [each for each in self.fake.requests() if each["status"] in (405, 421, 500)] == []
        return self.fake.resources().keys() - {ZONE, CERTIFICATE}


def test_one_listener_redirects_and_one_record_covers_all_services(stage):
    hosts = {stage.cloud.led(stage.platform, service.host, "http") for service in stage.services.values()}
    assert hosts == {"every-https"}
    record = stage.cloud.get(f"{ZONE}/A/*.staging")["properties"]
    assert record["targetResource"]["id"].endswith("/publicIPAddresses/staging-platform-gateway")


def test_an_alarm_of_one_service_fires_for_that_service_only(stage):
    parts, resources = stage.cloud.gateway(stage.platform), stage.cloud.fake.resources()
    names = {kind: {each["name"] for each in parts[kind]} for kind in ("httpListeners", "backendAddressPools")}
    alerts = {path: each for path, each in resources.items() if each["type"].endswith("metricAlerts")}
    for key in SERVICES:
        # The dimensions in Azure's metrics of one service.
        seen = {"Listener": key, "BackendSettingsPool": f"{key}~{key}", "BackendPool": key, "HttpStatusGroup": "5xx"}
        assert key in names["httpListeners"] & names["backendAddressPools"]
        firing = set()
        for path, each in alerts.items():
            [criteria] = each["properties"]["criteria"]["allOf"]
            [scope] = each["properties"]["scopes"]
            if path.endswith("/staging-platform-errors") or not scope.endswith("/applicationGateways/staging-platform"):
                continue
            if all(seen[of["name"]] in of["values"] for of in criteria["dimensions"]):
                firing.add(path.split("/")[-1])
        assert firing == {f"staging-{key}-{alarm}" for alarm in ("errors", "unhealthy", "latency")}
    assert [path for path in alerts if path.endswith("/metricAlerts/staging-platform-errors")]


class TestPlatform(Scenario):
    pass


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
def test_the_double_refuses_a_gateway_that_azure_refuses(stage, code, change):
    parts = {"sku": {"tier": "Standard_v2"}, "httpListeners": [], "requestRoutingRules": [],
        "redirectConfigurations": []}
    change(parts)
    stage.cloud.ask("PUT", GROUP, {"location": "westeurope"})
    status, response = stage.cloud.ask("PUT", f"{GROUP}/providers/Microsoft.Network/applicationGateways/many",
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
