"""The stack of Azure on the double of Resource Manager: tests/doubles/clouds/Arm.java."""

import hashlib
import os
import subprocess

from doubles.cloud_echo import SOURCES, Echo
from support.rehearsal import Rehearsal

SUBSCRIPTION = "/subscriptions/00000000-1111-2222-3333-444444444444"
GROUP = f"{SUBSCRIPTION}/resourceGroups/meridian"
APP = f"{GROUP}/providers/Microsoft.App/containerApps/meridian"
HASH = hashlib.sha256(b"00000000-1111-2222-3333-444444444444 meridian meridian").hexdigest()[:8]
REGISTRY = f"meridian{HASH}.azurecr.io/meridian"
A, B, C, D = (f"{REGISTRY}@sha256:{letter * 64}" for letter in "abcd")


class Azure(Rehearsal):
    """The stack, and Azure as it stands."""

    def __init__(self, folder):
        echo = Echo("Arm", folder, ["management.azure.com", "*.blob.core.windows.net"])
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("ARM_", "TF_"))}
        environment |= echo.environment | {"PATH": f"{SOURCES / 'bin'}:{os.environ['PATH']}", "TF_IN_AUTOMATION": "1", "PAUSE": "1"}
        super().__init__("azure", folder, echo, environment, A)

    def app(self):
        return self.get(APP)["properties"]

    def get(self, path, version="2025-01-01"):
        status, answer = self.ask("GET", path, version=version)
        assert status == 200, answer
        return answer

    def ask(self, method, path, body=None, version="2025-01-01", **headers):
        url = path if path.startswith("https:") else f"https://management.azure.com{path}?api-version={version}"
        return self.echo.ask(method, url, body, {"Authorization": f"Bearer {token(self.environment)}", **headers})

    def weights(self):
        """Revision to percent, as Azure has it."""
        revisions = self.get(f"{APP}/revisions")["value"]
        return {each["name"]: each["properties"]["trafficWeight"] for each in revisions if each["properties"]["active"]}

    def serving(self):
        """Image to percent."""
        revisions = {each["name"]: each["properties"] for each in self.get(f"{APP}/revisions")["value"]}
        return {revisions[name]["template"]["containers"][0]["image"]: weight for name, weight in self.weights().items()}


def token(environment):
    command = ["az", "account", "get-access-token", "--query", "accessToken", "--output", "tsv"]
    return subprocess.run(command, env=environment, check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
