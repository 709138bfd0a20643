"""The Azure stack on a double of Resource Manager: tests/doubles/clouds/Arm.java."""

import collections
import hashlib
import json
import os
import subprocess

from doubles.fake_cloud import SOURCES, FakeCloud
from support.machine import ROOT, clean
from support.providers import Providers
from support.rehearsal import Rehearsal

SUBSCRIPTION = "/subscriptions/00000000-1111-2222-3333-444444444444"
GROUP = f"{SUBSCRIPTION}/resourceGroups/meridian"
APP = f"{GROUP}/providers/Microsoft.App/containerApps/meridian"
HASH = hashlib.sha256(b"00000000-1111-2222-3333-444444444444 meridian meridian").hexdigest()[:8]
REGISTRY = f"meridian{HASH}.azurecr.io/meridian"
A, B, C, D = (f"{REGISTRY}@sha256:{letter * 64}" for letter in "abcd")


APP_ADDRESS = "module.service.azurerm_container_app.this"
UPDATE = ["update"]
# A change of the service, and the wait until its newest revision is ready.
SERVICE = {APP_ADDRESS: UPDATE, "module.service.terraform_data.ready": ["delete", "create"]}


class Azure(Rehearsal):
    """The stack, and the double of Azure that it is applied to."""

    def __init__(self, folder):
        fake = FakeCloud("Arm", folder, ["management.azure.com", "*.blob.core.windows.net"])
        environment = clean() | fake.environment | {"PATH": f"{SOURCES / 'bin'}:{os.environ['PATH']}",
            "TF_IN_AUTOMATION": "1", "PAUSE": "1", "SPREAD": "0"}
        # All runs share one provider, because each start takes seconds.
        self.providers = Providers(folder, environment)
        environment["TF_REATTACH_PROVIDERS"] = self.providers.attach("azurerm", ROOT / "stacks/azure")
        super().__init__("azure", folder, fake, environment, A)

    def stop(self):
        self.providers.__exit__()
        self.fake.stop()

    def apply(self):
        """Apply. At all times shares add up to 100 %, and no image exceeds the larger of its old and new share."""
        before = self.fake.order("history")
        changes = super().apply()
        wanted = collections.Counter({self.image: 100})
        if self.canary:
            wanted = collections.Counter({self.image: 100 - self.canary["percent"]})
            wanted[self.canary["image"]] += self.canary["percent"]
        for shares in self.fake.order("history")[len(before) :]:
            assert sum(shares.values()) == 100, shares
            for image, share in shares.items():
                assert share <= max(wanted[image], before[-1].get(image, 0) if before else 0), (before[-1:], shares,
                    wanted)
        return changes

    def turn(self, **variables):
        """Set variables besides those that every step sets."""
        (self.stack / "turned.auto.tfvars.json").write_text(json.dumps(variables))

    def withdraw(self):
        """Withdraw in the steps of ./taskw canary-azure: no share, a fresh revision of the stable image, all requests
        to that one."""
        for image, percent in ((self.canary["image"], 0), (self.image, 0), (self.image, 100)):
            self.set(canary={**self.canary, "image": image, "percent": percent})
            assert self.apply() == SERVICE
        self.set(canary=None)
        assert self.apply() == SERVICE

    def app(self):
        return self.get(APP)["properties"]

    def get(self, path, version="2025-01-01"):
        status, response = self.ask("GET", path, version=version)
        assert status == 200, response
        return response

    def ask(self, method, path, body=None, version="2025-01-01", **headers):
        url = path if path.startswith("https:") else f"https://management.azure.com{path}?api-version={version}"
        return self.fake.ask(method, url, body, {"Authorization": f"Bearer {token(self.environment)}", **headers})

    def probe_image(self):
        job = self.get(f"{APP.replace('containerApps', 'jobs')}-probe")["properties"]
        return job["template"]["containers"][0]["image"]

    def weights(self, app=APP):
        """Revision to percent, as Azure stores it."""
        revisions = self.get(f"{app}/revisions")["value"]
        return {each["name"]: each["properties"]["trafficWeight"] for each in revisions if each["properties"]["active"]}

    def serving(self, app=APP):
        """Image to percent; two revisions may have the same image."""
        shares = {}
        for each in (each["properties"] for each in self.get(f"{app}/revisions")["value"]):
            if each["active"]:
                image = each["template"]["containers"][0]["image"]
                shares[image] = shares.get(image, 0) + each["trafficWeight"]
        return shares


def token(environment):
    command = ["az", "account", "get-access-token", "--query", "accessToken", "--output", "tsv"]
    return subprocess.run(command, env=environment, check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
