"""The stack of one cloud in one environment."""

import contextlib
import functools
import json
import os
import pathlib
import re

from meridian import hcp
from meridian.checks import refuse_arguments, sources
from meridian.console import ROOT, Command, Problem, say
from meridian.terraform import Terraform, declared, given

# Clouds; virtual machines, whose tasks end in vm-aws and so on; and platforms, which an environment's services share.
CLOUDS, MACHINES, PLATFORMS = {}, {}, {}
HERE = pathlib.Path(__file__).parent
# A copy of the repository may lack any of these.
if (HERE / "aws.py").exists():
    from meridian.aws import Aws, AwsMachine, AwsPlatform

    CLOUDS["aws"], MACHINES["vm/aws"], PLATFORMS["platform/aws"] = Aws(), AwsMachine(), AwsPlatform()
if (HERE / "azure.py").exists():
    from meridian.azure import Azure, AzureMachine

    CLOUDS["azure"], MACHINES["vm/azure"], PLATFORMS["platform/azure"] = Azure(), AzureMachine(), Azure()
if (HERE / "gcp.py").exists():
    from meridian.gcp import Gcp, GcpMachine

    CLOUDS["gcp"], MACHINES["vm/gcp"], PLATFORMS["platform/gcp"] = Gcp(), GcpMachine(), Gcp()
PRODUCTION = "production"
# Keys of a platform's services: a name, or p1 and so on for previews, as many as the platform's variable previews.
KEY, PREVIEW = r"[a-z][a-z0-9]*(-[a-z0-9]+)*", r"p[0-9]+"


class Stack:
    """Folder stacks/PLACE with the variables and the state of one environment.

    Production has terraform.tfvars and Terraform's default workspace, so a bare `terraform apply` is production's too.
    Any other environment also has ENV.tfvars, and a workspace of its name. A service on a platform also has
    services/SERVICE.tfvars, and the workspace ENV_SERVICE.
    """

    def __init__(self, place, env=None, further=(), root=ROOT, service=None):
        """place: aws, vm/aws and so on; further: arguments for Terraform, which may set variables; service: its key on
        the environment's platform"""
        self.place = place
        self.env = env or PRODUCTION
        self.further = further
        self.root = root
        self.service = service
        self.kind = place.rpartition("/")[2]  # the cloud, such as aws, also for vm/aws and bootstrap/aws
        self.cloud = MACHINES.get(place) or PLATFORMS.get(place) or CLOUDS[self.kind]
        self.folder = root / "stacks" / place
        refuse_arguments()
        # Terraform's workspace default is production's.
        if not re.fullmatch(r"(?!default$)[a-z][a-z0-9-]{0,30}", self.env):
            raise Problem(f'ENV is "{self.env}".',
                "It must be the name of an environment, such as staging: at most 31 characters from a-z, 0-9 and -, "
                'starting with a letter. "default" is not allowed.')
        if self.own_file and not self.own_file.exists():
            raise Problem(
                f"ENV is {self.env}, but {self.own_file.relative_to(root)} is missing.",
                "Copy staging.tfvars to that file, then give the new environment its own name and cidr there.",
            )
        if service:
            known(service)
            if not self.is_preview and not self.service_files:
                raise Problem(
                    f"SERVICE is {service}, but {(self.folder / 'services').relative_to(root)}/{service}.tfvars is "
                    f"missing.",
                    f"{Command('new-service', {'SERVICE': service})} writes it.",
                )

    @property
    def task(self):
        """Suffix of this stack's tasks, such as aws or vm-aws."""
        return self.place.replace("/", "-")

    def command(self, verb, **settings):
        named = {"SERVICE": self.service} if self.service else {}
        return Command(f"{verb}-{self.task}",
            {**named, **({} if self.env == PRODUCTION else {"ENV": self.env}), **settings})

    @property
    def title(self):
        return f"environment {self.env}" if not self.service else f"service {self.service}, environment {self.env}"

    @property
    def heading(self):
        """First line that a command prints."""
        return f"{self.title[0].upper()}{self.title[1:]} on {self.cloud.title}."

    @property
    def own_file(self):
        if self.env == PRODUCTION:
            return None
        plain, other = (self.folder / f"{self.env}.{end}" for end in ("tfvars", "tfvars.json"))
        if plain.exists() and other.exists():
            raise Problem(f"stacks/{self.place} has {plain.name} and {other.name}.", "Keep one of them.")
        return other if other.exists() else plain

    @property
    def is_preview(self):
        return bool(re.fullmatch(PREVIEW, self.service or ""))

    @property
    def service_files(self):
        files = (self.folder / "services" / f"{self.service}{end}.tfvars" for end in ("", f".{self.env}"))
        return [file for file in files if file.exists()]

    @functools.cached_property
    def platform(self):
        """The platform that the service runs on; None without SERVICE."""
        return self.service and Stack(f"platform/{self.kind}", self.env, root=self.root)

    @property
    def platform_file(self):
        return self.folder / f"{self.env}.platform.tfvars.json"

    @property
    def name(self):
        if self.place in PLATFORMS:
            return f"{self.variable('name')}-platform"
        return self.variable("name") if not self.service else f"{self.platform.variable('name')}-{self.service}"

    @property
    def runs(self):
        """Whether it runs an image; a platform does not."""
        return self.place not in PLATFORMS

    @functools.cache  # noqa: B019  one stack for each command
    def variable(self, name):
        """Value of a variable as Terraform evaluates it; None if it has none."""
        return self.plain.value(f"var.{name}", *given(self.folder, self.further))

    def variables(self, *names):
        """Values of those of these variables that the stack declares."""
        known = declared(self.folder)
        pairs = ", ".join(f"{name} = var.{name}" for name in names if name in known)
        return self.plain.value(f"{{{pairs}}}", *given(self.folder, self.further))

    @property
    def plain(self):
        """Terraform without a workspace: on HCP Terraform, the workspace's name needs a variable that this reads."""
        return Terraform(
            self.folder,
            environ=self.cloud.environ,
            files=tuple(self.variable_files()),
            guide=f"{self.guide} To go on, repeat the command.",
        )

    @property
    def guide(self):
        """Where a failure of Terraform is explained."""
        if self.place in (*CLOUDS, *MACHINES):
            return f"stacks/{self.place}/README.md has a section Troubleshooting."
        return f"stacks/{'README.md' if self.place in PLATFORMS else 'bootstrap/README.md'} says more."

    def variable_files(self):
        """Options with the variables; later ones win. The platform's file is omitted until it declares the service."""
        files = [self.own_file] if self.own_file else []
        if self.service:
            files += self.service_files
            try:
                knows = self.service in json.loads(self.platform_file.read_text())["platform"]["services"]
            except (OSError, ValueError, KeyError):  # missing, or not the output of a platform
                knows = False
            files += [self.platform_file] if knows else []
        for file in files:
            yield f"-var-file={file.relative_to(self.folder)}"
        if self.service:
            yield f"-var=name={self.name}"

    @functools.cached_property
    def terraform(self):
        own = f"{self.env}_{self.service}" if self.service else "default" if self.env == PRODUCTION else self.env
        return self.plain.at(workspace=hcp.workspace(self) or own)

    def fetch(self):
        """Save the platform's output to a file, for this stack and for Terraform without this program."""
        platform = self.platform
        reported = platform.reported()
        if self.service not in reported["platform"]["services"]:
            has = ", ".join(reported["platform"]["services"]) or "none"
            raise Problem(f"The platform {platform.variable('name')} does not declare {self.service}; it "
                f"declares {has}.",
                f"{'Raise the variable previews in' if self.is_preview else 'Add it to the variable services in'} "
                f"stacks/{platform.place}, then run {platform.command('deploy')}")
        # Atomically, since another service may be deployed from this clone at the same time.
        fresh = self.platform_file.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(reported, indent=2) + "\n")
        fresh.replace(self.platform_file)

    def reported(self):
        """Variables that this platform gives to the stacks of its services."""
        self.init()
        reported = self.terraform.outputs().get("tfvars")
        if not reported:
            raise Problem(f"The platform {self.variable('name')}, on which services would run, is not deployed.",
                f"{self.command('deploy')}")
        return reported

    def stays(self):
        """Refuse -destroy, which would make this command remove everything."""
        if any(each.startswith("-destroy") for each in self.further):
            raise Problem("This command does not take -destroy, which would remove everything.",
                f"{self.command('destroy')}")

    def stands_alone(self):
        """Stop if a service with its own network would move to a platform, which would destroy that network."""
        if self.service and any(each.startswith("module.network") for each in self.terraform.resources()):
            raise Problem(f"{self.name} has a network and a load balancer of its own. Moving it to a platform would "
                "destroy both.",
                "Nothing was changed. Deploy the service under another SERVICE name, send its visitors there, "
                "then destroy this stack.")

    def services(self):
        """Key and Terraform of each deployed service of the environment."""
        services = self.plain.at(folder=self.root / "stacks" / self.kind)
        services.init()
        own = {each.partition("_")[2]: services.at(workspace=each) for each in services.workspaces()
            if each.startswith(f"{self.env}_")}
        return {key: terraform for key, terraform in own.items() if terraform.resources()}

    def services_standing(self):
        """Stop if services still run on the platform to remove: Terraform would notice only after it has begun."""
        if hcp.block(self.root / "stacks" / self.kind):
            return  # Its workspaces have other names; Terraform itself refuses.
        if standing := list(self.services()):
            raise Problem(f"Still deployed on {self.name}: {', '.join(standing)}.",
                "Nothing was removed. First " + ", ".join(str(Command(f"destroy-{self.kind}", {"SERVICE": each,
                **self.command("destroy").settings})) for each in standing))

    def itself(self):
        """Description of this stack for people. Stops if another environment has the same name."""
        if self.service:
            self.platform.itself()
            where = f"on the platform {self.platform.variable('name')}"
            return f"{self.title}, {where}: {self.name} in {self.variable('region')}"
        if self.own_file and self.namesake:
            raise Problem(
                f'{self.own_file.relative_to(self.root)} sets the name "{self.name}", which the environment '
                f"{self.namesake} already has.",
                "Set another name in that file: only the name distinguishes the two environments' resources.",
            )
        return f"{self.title}: {self.name} in {self.variable('region')}"

    @functools.cached_property
    def namesake(self):
        """Another environment with the same name; None if there is none."""
        files = {file.name.partition(".")[0] for file in self.folder.glob("*.tfvars*")}
        for env in sorted({PRODUCTION, *files} - {self.env}):
            with contextlib.suppress(Problem):  # not an environment, or one that cannot be deployed
                if Stack(self.place, env, root=self.root).name == self.name:
                    return env
        return None

    def init(self):
        self.itself()
        if self.service:
            self.fetch()
            vars(self).pop("terraform", None)
        if not (self.folder / ".terraform").exists():
            say(f"Preparing Terraform in stacks/{self.place}. Downloading the provider takes about half a minute.")
        if hcp.block(self.folder):
            hcp.prepare(self)
            self.terraform.init()
        else:
            # The environment's workspace may not exist yet: the first apply creates it.
            self.plain.init()

    def stands_as_named(self):
        """Stop if the state has another name or region than the variables: a removal would remove another stack."""
        outputs = self.terraform.outputs()
        wanted = {"name": self.name, "region": self.variable("region")}
        state = {key: outputs[key] for key in wanted if key in outputs}
        if not state:
            # Older than these outputs, or half removed: the resources still have a tag or label with the name.
            tags = re.findall(r'"[Ss]tack": "([^"]+)"', json.dumps(self.terraform.show()))
            state = {"name": tags[0]} if tags and self.name not in tags else {}
        if any(state[key] != wanted[key] for key in state):
            raise Problem(
                f"What is deployed is {' in '.join(state.values())}, but the variables say "
                f"{' in '.join(wanted.values())}.",
                "Nothing was removed. Set name and region in the tfvars file to the deployed values, then repeat the "
                "command.",
            )

    def supplied(self):
        """The running image if it was supplied; None if it was built, or nothing runs."""
        built = any(address.startswith("module.image.terraform_data") for address in self.terraform.resources())
        return None if built else self.terraform.outputs().get("image")

    def image_arguments(self, image, build):
        """Arguments of plan and apply for the image.

        Without image, one that was supplied before stays, and one that was built is built again if its sources have
        changed. With build, app/ is built in either case.
        """
        if not self.runs:
            return []
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
        say(f"Keeping the image that was supplied: {running}. BUILD=1 builds app/ in its place.")
        return [f"-var=image={running}"]


def known(service):
    """Refuse an invalid key of a service."""
    if not re.fullmatch(KEY, service) or not 2 <= len(service) <= 8 or service == "platform":
        raise Problem(f'SERVICE is "{service}".',
            "It must be the key of a service on a platform, such as orders: 2 to 8 characters from a-z, 0-9 and single "
            'hyphens, starting with a letter and not ending with a hyphen. "platform" is taken.')
