"""The virtual machine on Google Cloud, and what it shares with Azure's: real plans of the real providers, read as JSON.

The providers speak to the doubles of tests/doubles/clouds, which a plan asks for little. Nothing is applied
here: what only the clouds can show is said so in the guides.
"""

import base64
import hashlib
import json
import os
import subprocess

import pytest
from doubles.cloud_echo import SOURCES, Echo
from support.machine import ROOT, copy, need

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "jdk")]

DIGEST = "sha256:" + "a" * 64
IMAGE = f"example.com/meridian@{DIGEST}"
ANYWHERE, INSIDE = "0.0.0.0/0", "10.30.0.0/16"
# The whole of what may come in: protocol, port, source.
LIST = {
    ("tcp", "80", ANYWHERE),
    ("tcp", "443", ANYWHERE),
    ("icmp", "all", ANYWHERE),
    ("tcp", "22", "104.154.0.0/15"),
    ("tcp", "all", INSIDE),
    ("udp", "all", INSIDE),
}
# What Google adds by itself, by priority: allowed or not, protocol, port, source or target.
# https://cloud.google.com/firewall/docs/firewalls#default_firewall_rules
GOOGLE_IN = [(65535, False, "all", "all", ANYWHERE)]
GOOGLE_OUT = [(65535, True, "all", "all", ANYWHERE)]

CLOUDS = {
    "azure": ("azurerm", "Arm", ["management.azure.com", "*.blob.core.windows.net"]),
    "gcp": ("google", "Google", ["*.googleapis.com"]),
}


class Plan:
    def __init__(self, cloud, folder):
        provider, double, hosts = CLOUDS[cloud]
        need(provider)
        copy(folder, "modules/image", "stacks/vm", "app/pom.xml")
        echo = Echo(double, folder, hosts)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("GOOGLE_", "ARM_", "TF_"))},
            **echo.environment,
            "PATH": f"{SOURCES / 'bin'}:{os.environ['PATH']}",
            "TF_IN_AUTOMATION": "1",
            "TF_VAR_image": IMAGE,
            "GOOGLE_OAUTH_ACCESS_TOKEN": "x",
            **({"TF_VAR_project": "test-project"} if cloud == "gcp" else {}),
        }

        def terraform(*arguments):
            done = subprocess.run(
                ["terraform", f"-chdir={folder}/stacks/vm/{cloud}", *arguments], env=environment, text=True,
                capture_output=True
            )
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        try:
            terraform("init", "-input=false", "-no-color")
            terraform("plan", "-input=false", "-no-color", "-out=plan")
            shown = json.loads(terraform("show", "-json", "plan"))
        finally:
            echo.stop()
        self.actions = {change["address"]: change["change"]["actions"] for change in shown["resource_changes"]}
        module = shown["planned_values"]["root_module"]
        self.values = {resource["address"]: resource["values"] for resource in module["resources"]}

    def every(self, kind):
        return [values for address, values in self.values.items() if address.startswith(f"{kind}.")]

    def one(self, kind):
        (values,) = self.every(kind)
        return values


@pytest.fixture(scope="module")
def azure(tmp_path_factory):
    return Plan("azure", tmp_path_factory.mktemp("azure"))


@pytest.fixture(scope="module")
def gcp(tmp_path_factory):
    return Plan("gcp", tmp_path_factory.mktemp("gcp"))


def let_through(rules):
    """What gets by, up to the first rule that stops everything."""
    allowed = set()
    for _, allow, protocol, port, peer in sorted(rules):
        if not allow:
            assert (protocol, port, peer) == ("all", "all", ANYWHERE)
            return allowed
        allowed.add((protocol, port, peer))
    return allowed


def everything(value):
    return {"*": "all", "": "all", None: "all"}.get(value, value)


def google_rules(plan, direction):
    rules = []
    for rule in plan.every("google_compute_firewall"):
        assert not rule["deny"] and not rule["disabled"] and not any(
            rule[name] for name in ("source_tags", "target_tags", "source_service_accounts", "target_service_accounts")
        )
        if rule["direction"] == direction:
            (allow,) = rule["allow"]
            (peer,) = rule["source_ranges"] or rule["destination_ranges"]
            (port,) = allow["ports"] or [None]
            rules.append((rule["priority"], True, allow["protocol"], everything(port), peer))
    return rules


def test_google_lets_in_exactly_the_list(gcp):
    assert let_through(google_rules(gcp, "INGRESS") + GOOGLE_IN) == LIST


def test_google_lets_everything_out(gcp):
    assert ("all", "all", ANYWHERE) in let_through(google_rules(gcp, "EGRESS") + GOOGLE_OUT)


def test_google_starts_a_machine_before_it_ends_one(gcp):
    (policy,) = gcp.one("google_compute_region_instance_group_manager")["update_policy"]
    # SUBSTITUTE is the default, which the provider leaves out; RECREATE would keep names and end machines first.
    assert policy["replacement_method"] in (None, "SUBSTITUTE")


def boot(plan, cloud):
    if cloud == "azure":
        return base64.b64decode(plan.one("azurerm_linux_virtual_machine_scale_set")["custom_data"]).decode()
    return plan.one("google_compute_region_instance_template")["metadata"]["user-data"]


def test_both_machines_boot_by_the_same_words(azure, gcp):
    first, second = boot(azure, "azure").splitlines(), boot(gcp, "gcp").splitlines()
    assert first[0] == second[0] == "#cloud-config"
    for line in ("      MERIDIAN_GREETING=Hello World from BenchSci!", f"      MERIDIAN_VERSION={DIGEST}"):
        assert line in first and line in second

    def after(lines, start):
        return lines[lines.index(start) :]

    start = "  - path: /etc/meridian/prepare.sh"
    differ = [pair for pair in zip(after(first, start), after(second, start), strict=True) if pair[0] != pair[1]]
    assert [tuple(line.split()[0] for line in pair) for pair in differ] == [("--log-driver", "--log-driver")]


def test_the_key_that_azure_asks_for_is_made_from_no_private_half(azure):
    """A public key is a point of a curve. This one is the digest of a sentence, so nobody multiplied it up
    from a number that opens it; that the digest is on the curve was found by counting up from 1."""
    digest = hashlib.sha256(b"Nobody holds the private half of this key, 2").digest()
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in (b"ssh-ed25519", digest))
    (key,) = azure.one("azurerm_linux_virtual_machine_scale_set")["admin_ssh_key"]
    assert key["public_key"] == f"ssh-ed25519 {base64.b64encode(blob).decode()}"


def test_a_first_plan_only_makes_things(gcp):
    assert set(map(tuple, gcp.actions.values())) <= {("create",), ("read",)}
    # Two more when the image is built: its push, and what remembers its digest.
    count = list(gcp.actions.values()).count(["create"]) + 2
    assert f"makes {count} resources" in " ".join((ROOT / "stacks/vm/gcp/README.md").read_text().split())
