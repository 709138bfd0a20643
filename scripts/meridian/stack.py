"""The stack of one cloud in one environment, and Terraform on it."""

import argparse
import importlib
import json
import os
import pathlib
import re
import subprocess

from meridian import hcp
from meridian.console import Problem, patience, run, say

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLOUDS = ("aws", "azure", "gcp")
# The virtual machine of each, whose tasks end in vm-aws and so on.
MACHINES = tuple(f"vm/{cloud}" for cloud in CLOUDS)
PRODUCTION = "production"


class Stack:
    """Folder stacks/CLOUD with the variables and the state of one environment.

    Production has terraform.tfvars and Terraform's default workspace, so that a bare `terraform
    apply` is production too. Any other has also ENV.tfvars, and a workspace of its name.
    """

    def __init__(self, cloud, environment=None, root=ROOT):
        self.cloud = cloud
        self.environment = environment or PRODUCTION
        self.root = root
        self.folder = root / "stacks" / cloud
        self.provider = importlib.import_module(f"clouds.{cloud.replace('/', '_')}")
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", self.environment):
            raise Problem(
                f'ENV is "{self.environment}".', "It is the name of an environment, such as staging: a-z, 0-9 and -."
            )
        if self.own_file and not self.own_file.exists():
            raise Problem(
                f"ENV is {self.environment}, but {self.own_file.relative_to(root)} is missing.",
                "Copy staging.tfvars beside it and give it a name and a cidr of its own.",
            )
        if self.own_file and self.name == Stack(cloud, root=root).name:
            raise Problem(
                f'{self.own_file.relative_to(root)} has the name of production, "{self.name}".',
                "Set name there: it tells the resources of the two apart.",
            )

    @property
    def task(self):
        """End of the names of this stack's tasks, aws or vm-aws."""
        return self.cloud.replace("/", "-")

    @property
    def own_file(self):
        return None if self.environment == PRODUCTION else self.folder / f"{self.environment}.tfvars"

    @property
    def name(self):
        return self.variable("name")

    def variable(self, name, default=None):
        """Value of a variable of type string as Terraform would take it, before -var."""
        value = os.environ.get(f"TF_VAR_{name}", default)
        files = [self.folder / "terraform.tfvars", *sorted(self.folder.glob("*.auto.tfvars")), self.own_file]
        for file in files:
            if file and file.exists():
                found = re.findall(rf'^\s*{name}\s*=\s*"([^"]*)"', file.read_text(), re.M)
                value = found[-1] if found else value
        return value

    def init(self):
        if not (self.folder / ".terraform").exists():
            say(f"Prepares Terraform in stacks/{self.cloud}: about half a minute, for the provider.")
        if hcp.block(self.folder):
            hcp.prepare(self)
        # The environment's workspace need not exist yet: it appears with the first apply.
        self._terraform("init", "-input=false", workspace=None, stdout=subprocess.DEVNULL)

    def plan(self, *arguments):
        return self._terraform("plan", "-input=false", *self._files(), *arguments, check=False)

    def apply(self, *arguments):
        self._terraform("apply", "-input=false", "-auto-approve", "-lock-timeout=60s", *self._files(), *arguments)

    def destroy(self, *arguments):
        self._terraform("destroy", "-input=false", "-auto-approve", "-lock-timeout=60s", *self._files(), *arguments)

    def outputs(self):
        """Outputs of the last apply by name; empty before the first."""
        outputs = json.loads(self._terraform("output", "-json", stdout=subprocess.PIPE).stdout)
        return {name: output["value"] for name, output in outputs.items()}

    def resources(self):
        """Addresses of all that the state holds; empty before the first apply."""
        done = self._terraform("state", "list", check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode and "No state file was found" not in done.stderr:
            raise Problem("The state cannot be read.", done.stderr.strip())
        return done.stdout.split()

    def image_arguments(self):
        """What plan and apply are told about the image.

        IMAGE is taken. Without it an image that was supplied before stays, and one that was built
        is built again when its sources changed. BUILD=1 builds in either case.
        """
        image, build = os.environ.get("IMAGE"), os.environ.get("BUILD")
        if image and build:
            raise Problem("IMAGE and BUILD are both set.", "IMAGE deploys what there is, BUILD=1 what app/ gives.")
        if image:
            return [f"-var=image={image}"]
        if self.variable("image"):
            if build:
                raise Problem("BUILD is set, but so is the variable image.", "Take image out of the tfvars file, or leave BUILD out.")
            return []
        if build:
            return []
        running = self.outputs().get("image")
        if running is None or any(address.startswith("module.image.terraform_data") for address in self.resources()):
            return []
        say(f"Keeps the image that was supplied: {running}. BUILD=1 builds app/ in its place.")
        return [f"-var=image={running}"]

    def _files(self):
        return [f"-var-file={self.own_file.name}"] if self.own_file else []

    def _terraform(self, *arguments, check=True, workspace="own", **options):
        run("terraform", "version", "-json")
        environment = {**os.environ, "TF_IN_AUTOMATION": "1", **getattr(self.provider, "ENVIRONMENT", {})}
        environment.pop("TF_WORKSPACE", None)
        hosted = hcp.workspace(self)
        if hosted:
            environment["TF_WORKSPACE"] = hosted
        elif workspace:
            environment["TF_WORKSPACE"] = "default" if self.environment == PRODUCTION else self.environment
        with patience():
            done = subprocess.run(
                ["terraform", f"-chdir={self.folder}", *arguments], env=environment, text=True, **options
            )
        if check and done.returncode:
            raise Problem(
                f"terraform {arguments[0]} failed; its message stands above.",
                f"stacks/{self.cloud}/README.md has a section Troubleshooting, by message. To go on, repeat the command.",
            )
        return done


def from_arguments(description):
    """The stack that the command line and ENV name, and what else is to go to Terraform."""
    parser = argparse.ArgumentParser(description=description, epilog="Further arguments go to Terraform.")
    parser.add_argument("cloud", choices=(*CLOUDS, *MACHINES))
    options, further = parser.parse_known_args()
    return Stack(options.cloud, os.environ.get("ENV")), further
