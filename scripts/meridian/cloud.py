"""What differs by cloud: the contract that each keeps."""

import abc
import json
import re

from meridian.console import Problem, run, say


class Cloud(abc.ABC):
    """A cloud, or the virtual machine on one. `stack` is a meridian.stack.Stack."""

    title: str  # its name for people
    tool: object  # the meridian.checks.Tool of the cloud, with which Terraform signs in too
    deploys: str  # what takes the time in a deployment, and how long that usually is
    destroys: str  # the same for a removal
    bootstraps: int  # minutes of a first bootstrap
    closed = (22, 8080, 8081)  # TCP ports that must not answer on the public address; 443 is added without a domain
    newest_ready = False  # whether what is not given to a revision by name goes to the newest that is ready
    requests_first = False  # whether the newest revision must have all requests before the canary's mode ends
    forged = ()  # headers beyond X-Forwarded-For with which a visitor could try to be another
    machine = False  # whether it is a virtual machine with a page
    store: str  # address of the store of the states in a bootstrap
    absent = None  # pattern of what Terraform says of a store that does not exist, where that is asked of it

    @property
    def environ(self):
        """Variables that Terraform is run with."""
        return {}

    @abc.abstractmethod
    def identity(self, stack):
        """Whose account the stack is in, and as whom we are signed in; a Problem where we are not."""

    @abc.abstractmethod
    def checks(self, stack, builds):
        """Functions for doctor: each returns what it saw in the account, or raises a Problem. builds: whether an image
        is pushed."""

    @abc.abstractmethod
    def leftovers(self, stack):
        """A line for each thing of the stack that still exists, asked of the cloud's own API and not of the state."""

    @abc.abstractmethod
    def conflict(self, stack, kind, values):
        """What has the name already that a resource of this type would be given, and its id for an import; or None."""

    def expiring(self, stack):
        """Name to expiry, as the variable has it, of the stacks in the account that have one."""
        return {}

    def destroy(self, stack, options):
        stack.terraform.destroy(*options.further)

    def found(self, stack, backend, planned):
        """What the store of a bootstrap holds: how many resources its state has, or the error in words; None where
        there is no store.

        planned: type and values of what would make the store
        """
        with stack.opened(backend) as (there, refused):
            if refused:
                return None if self.absent and re.search(self.absent, refused) else refused
            return len(there.state().get("resources", []))


def replaced(plan):
    """What a plan, as JSON, destroys or replaces, a line each. What every new image replaces, and nothing is lost by,
    is not told."""
    for change in plan.get("resource_changes", []):
        actions = change["change"]["actions"]
        if "delete" in actions and not re.search(
                r"\.?(terraform_data|aws_ecs_task_definition|google_compute_region_instance_template)\.",
                change["address"]):
            yield f"{'replaces' if 'create' in actions else 'destroys'} {change['address']}"


def outputs_of(plan):
    """Outputs after a plan, as JSON, by name; without those that only the apply tells.

    That of the image is told once it serves; before, it is the one that is asked for.
    """
    outputs = {name: output.get("value") for name, output in plan.get("planned_values", {}).get("outputs", {}).items()}
    return {**outputs, "image": outputs.get("image") or plan.get("variables", {}).get("image", {}).get("value")}


def canary_ends(canary, planned):
    """Says so where an apply ends the canary that runs. A plan that may not end it in one step was refused before.

    planned: outputs after the apply
    """
    if canary and planned.get("canary") != canary:
        how = "promotes" if planned.get("image") == canary["image"] else "withdraws"
        say(f"A canary is running, {canary['image']} with {canary['percent']} percent of the requests: "
            f"this apply {how} it.")


def query(known, *command, **words):
    """Answer of a cloud's tool, parsed. What it refuses becomes a Problem: known has patterns with what they mean and
    how to go on."""
    done = run(*command, "--output", "json", check=False)
    if done.returncode == 0:
        return json.loads(done.stdout or "null")
    message = (done.stderr or done.stdout).strip()
    for pattern, (what, how) in known.items():
        if re.search(pattern, message, re.I | re.S):
            raise Problem(what, how.format(**words))
    raise Problem(f"`{' '.join(command[:3])}` was refused.", message)
