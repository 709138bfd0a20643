"""The stack of one cloud in one environment."""

import functools
import json
import re

from meridian import hcp
from meridian.aws import Aws, AwsMachine
from meridian.azure import Azure, AzureMachine
from meridian.checks import refuse_arguments, sources
from meridian.console import ROOT, Command, Problem, say
from meridian.gcp import Gcp, GcpMachine
from meridian.terraform import Terraform, declared

CLOUDS = {"aws": Aws(), "azure": Azure(), "gcp": Gcp()}
# The virtual machine of each, whose tasks end in vm-aws and so on.
MACHINES = {"vm/aws": AwsMachine(), "vm/azure": AzureMachine(), "vm/gcp": GcpMachine()}
PRODUCTION = "production"


class Stack:
    """Folder stacks/PLACE with the variables and the state of one environment.

    Production has terraform.tfvars and Terraform's default workspace, so that a bare `terraform
    apply` is production too. Any other has also ENV.tfvars, and a workspace of its name.
    """

    def __init__(self, place, env=None, further=(), root=ROOT):
        """place: aws, vm/aws and so on; further: what goes to Terraform, which may set variables too"""
        self.place = place
        self.env = env or PRODUCTION
        self.further = further
        self.root = root
        self.kind = place.rpartition("/")[2]  # aws, of a service as of a virtual machine and a bootstrap
        self.cloud = MACHINES.get(place) or CLOUDS[self.kind]
        self.folder = root / "stacks" / place
        refuse_arguments()
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", self.env):
            raise Problem(f'ENV is "{self.env}".', "It is the name of an environment, such as staging: a-z, 0-9 and -.")
        if self.own_file and not self.own_file.exists():
            raise Problem(
                f"ENV is {self.env}, but {self.own_file.relative_to(root)} is missing.",
                "Copy staging.tfvars beside it and give it a name and a cidr of its own.",
            )

    @property
    def task(self):
        """End of the names of this stack's tasks, aws or vm-aws."""
        return self.place.replace("/", "-")

    def command(self, verb, **settings):
        return Command(f"{verb}-{self.task}", {**({} if self.env == PRODUCTION else {"ENV": self.env}), **settings})

    @property
    def own_file(self):
        if self.env == PRODUCTION:
            return None
        other = self.folder / f"{self.env}.tfvars.json"
        return other if other.exists() else self.folder / f"{self.env}.tfvars"

    @property
    def name(self):
        return self.variable("name")

    @functools.cache  # noqa: B019  one stack for each command
    def variable(self, name):
        """Value of a variable as Terraform takes it; None if there is none."""
        return self.plain.value(f"var.{name}", *given(self.folder, self.further))

    def variables(self, *names):
        """Values of those that the stack has."""
        pairs = ", ".join(f"{name} = var.{name}" for name in names if name in declared(self.folder))
        return self.plain.value(f"{{{pairs}}}", *given(self.folder, self.further))

    @property
    def plain(self):
        """Terraform before a workspace is chosen, which on HCP Terraform takes the name."""
        return Terraform(
            self.folder,
            environ=self.cloud.environ,
            files=(f"-var-file={self.own_file.name}",) if self.own_file else (),
            guide=f"stacks/{self.place}/README.md has a section Troubleshooting, by message. To go on, repeat the "
            f"command.",
        )

    @functools.cached_property
    def terraform(self):
        return self.plain.at(workspace=hcp.workspace(self) or ("default" if self.env == PRODUCTION else self.env))

    def itself(self):
        """What is meant, in words; stops where two environments would be one."""
        if self.own_file and self.name == Stack(self.place, root=self.root).name:
            raise Problem(
                f'{self.own_file.relative_to(self.root)} has the name of production, "{self.name}".',
                "Set name there: it tells the resources of the two apart.",
            )
        return f"environment {self.env}: {self.name} in {self.variable('region')}"

    def init(self):
        self.itself()
        if not (self.folder / ".terraform").exists():
            say(f"Prepares Terraform in stacks/{self.place}: about half a minute, for the provider.")
        if hcp.block(self.folder):
            hcp.prepare(self)
            self.terraform.init()
        else:
            # The environment's workspace need not exist yet: it appears with the first apply.
            self.plain.init()

    def stands_as_named(self):
        """Stops where the state is of another name or region than the variables: what is removed would not be what is
        asked for."""
        outputs = self.terraform.outputs()
        wanted = {"name": self.name, "region": self.variable("region")}
        state = {key: outputs[key] for key in wanted if key in outputs}
        if not state:
            # From before there were such outputs, or half removed: what is there has a tag or a label with the name.
            tags = re.findall(r'"[Ss]tack": "([^"]+)"', json.dumps(self.terraform.show()))
            state = {"name": tags[0]} if tags and self.name not in tags else {}
        if any(state[key] != wanted[key] for key in state):
            raise Problem(
                f"What stands is {' in '.join(state.values())}, but the variables say {' in '.join(wanted.values())}.",
                "Nothing was removed. Set name and region in the tfvars file to those of what stands, then repeat the "
                "command.",
            )

    def supplied(self):
        """The image that was supplied before, and is kept; None where what runs was built, or nothing runs."""
        built = any(address.startswith("module.image.terraform_data") for address in self.terraform.resources())
        return None if built else self.terraform.outputs().get("image")

    def image_arguments(self, image, build):
        """What plan and apply are told about the image.

        image is taken. Without it an image that was supplied before stays, and one that was built
        is built again when its sources changed. build: builds in either case.
        """
        if image:
            return [f"-var=image={image}"]
        if self.variable("image"):
            if build:
                raise Problem("BUILD is set, but so is the variable image.",
                    "Take image out of the tfvars file, or leave BUILD out.")
            return []
        running = None if build else self.supplied()
        if not running:
            sources()
            return []
        say(f"Keeps the image that was supplied: {running}. BUILD=1 builds app/ in its place.")
        return [f"-var=image={running}"]


def given(folder, further):
    """Of what goes to Terraform, what sets variables; a file is named from the stack's folder."""
    arguments = iter(further)
    for each in arguments:
        option, _, value = each.lstrip("-").partition("=")
        if each.startswith("-") and option in ("var", "var-file"):
            value = value or next(arguments, "")
            yield f"-{option}={folder / value if option == 'var-file' else value}"
