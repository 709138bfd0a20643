"""The life cycle of the virtual machine on Azure, with the real provider on a double of Resource Manager:
tests/doubles/clouds/Arm.java.

The double starts no machines. It shows which rules the firewall ends up with, that a second plan is empty, how a
replacement is requested, and that nothing remains. The tests build on each other.
"""

import base64
import json
import os

import pytest
from doubles.fake_cloud import SOURCES, FakeCloud
from support.machine import ROOT, clean, copy
from support.providers import Providers
from support.rehearsal import Rehearsal

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "azurerm", "jdk")]

GROUP = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/meridian-hello"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
MACHINES = f"{GROUP}/providers/Microsoft.Compute/virtualMachineScaleSets/meridian-hello"
# Images that are never run.
FIRST, SECOND = (f"example.com/meridian@sha256:{letter * 64}" for letter in "12")
ANYWHERE, INSIDE = "0.0.0.0/0", "10.30.0.0/16"
LIST = {
    ("Inbound", "Allow", "Tcp", "80", ANYWHERE),
    ("Inbound", "Allow", "Tcp", "443", ANYWHERE),
    ("Inbound", "Allow", "Icmp", "*", ANYWHERE),
    ("Inbound", "Allow", "Tcp", "22", "104.154.0.0/15"),
    ("Inbound", "Allow", "Tcp", "*", INSIDE),
    ("Inbound", "Allow", "Udp", "*", INSIDE),
    ("Inbound", "Deny", "*", "*", "*"),
    ("Outbound", "Allow", "*", "*", "*"),
}


class Machines(Rehearsal):
    """The stack, and the double of Azure that it is applied to."""

    def __init__(self, folder):
        self.cloud, self.folder, self.stack = "vm/azure", folder, folder / "stacks/vm/azure"
        copy(folder, "modules/image", "stacks/vm", "app/documents", "app/pom.xml", "scripts")
        self.fake = FakeCloud("Arm", folder, ["management.azure.com"])
        self.environment = {**clean(), **self.fake.environment, "PATH": f"{SOURCES / 'bin'}:{os.environ['PATH']}",
            "TF_IN_AUTOMATION": "1"}
        self.providers = Providers(folder, dict(self.environment))
        self.environment["TF_REATTACH_PROVIDERS"] = self.providers.attach("azurerm", ROOT / "stacks/azure")
        self.terraform("init", "-input=false")

    def set(self, **variables):
        (self.stack / "rehearsal.auto.tfvars.json").write_text(json.dumps(variables))

    def properties(self, path):
        return self.fake.resources()[path]["properties"]

    def stop(self):
        self.providers.__exit__()
        self.fake.stop()


@pytest.fixture(scope="module")
def azure(tmp_path_factory):
    rehearsal = Machines(tmp_path_factory.mktemp("vm-azure"))
    yield rehearsal
    rehearsal.stop()


def test_one_apply_creates_everything_and_a_second_plan_is_empty(azure):
    azure.set(image=FIRST)
    changes = azure.apply()
    # An image that is built adds two: its push and its digest.
    assert f"creates {len(changes) + 2} resources" in " ".join((ROOT / "stacks/vm/azure/README.md").read_text().split())
    assert azure.settled()
    outputs = azure.outputs()
    assert outputs["image"] == FIRST and outputs["greeting"] == "Hello World from BenchSci!"
    assert outputs["group"] == "meridian-hello"
    assert outputs["addresses"] == [azure.properties(f"{NETWORK}/publicIPAddresses/meridian-hello")["ipAddress"]]


def test_the_firewall_has_exactly_the_listed_rules(azure):
    rules = [each["properties"]
        for each in azure.properties(f"{NETWORK}/networkSecurityGroups/meridian-hello")["securityRules"]]
    keys = ("direction", "access", "protocol", "destinationPortRange", "sourceAddressPrefix")
    assert {tuple(rule[key] for key in keys) for rule in rules} == LIST and len(rules) == len(LIST)
    assert max(rules, key=lambda rule: (rule["direction"] == "Inbound", rule["priority"]))["access"] == "Deny"
    subnets = [each for path, each in azure.fake.resources().items() if "/subnets/" in path]
    assert [each["properties"]["networkSecurityGroup"]["id"]
        for each in subnets] == [f"{NETWORK}/networkSecurityGroups/meridian-hello"]


def test_the_load_balancer_forwards_to_the_machines_and_probes_their_time(azure):
    balancer = azure.properties(f"{NETWORK}/loadBalancers/meridian-hello")
    assert {rule["properties"]["frontendPort"] for rule in balancer["loadBalancingRules"]} == {22, 80}
    [probe] = balancer["probes"]
    assert (probe["properties"]["port"], probe["properties"]["requestPath"]) == (80, "/now")
    profile = azure.properties(MACHINES)["virtualMachineProfile"]
    [interface] = profile["networkProfile"]["networkInterfaceConfigurations"]
    [address] = interface["properties"]["ipConfigurations"]
    pool = f"{NETWORK}/loadBalancers/meridian-hello/backendAddressPools/machines"
    assert [each["id"] for each in address["properties"]["loadBalancerBackendAddressPools"]] == [pool]
    assert "publicIPAddressConfiguration" not in address["properties"]
    assert "networkSecurityGroup" not in interface["properties"], "The list is that of the subnet's group alone."
    assert profile["networkProfile"]["healthProbe"]["id"] == probe["id"]


def test_another_image_starts_new_machines_before_the_old_ones_end(azure):
    azure.set(image=SECOND, greeting="Hello again")
    assert azure.apply() == {"azurerm_linux_virtual_machine_scale_set.this": ["update"]}
    machines = azure.properties(MACHINES)
    boot = base64.b64decode(machines["virtualMachineProfile"]["osProfile"]["customData"]).decode()
    assert SECOND in boot and FIRST not in boot and "MERIDIAN_GREETING=Hello again" in boot
    assert machines["upgradePolicy"]["mode"] == "Rolling"
    assert machines["upgradePolicy"]["rollingUpgradePolicy"]["maxSurge"]
    assert azure.settled()


def test_a_destroy_leaves_nothing(azure):
    assert "Azure no longer lists anything of meridian-hello." in azure.said("destroy", CONFIRM="meridian-hello")
    assert azure.fake.resources() == {}


def test_the_double_supported_every_request(azure):
    assert [each for each in azure.fake.requests() if each["status"] in (405, 421, 500)] == []
