"""What differs by cloud: the interface that each implements."""

import abc
import json
import re

from meridian.console import Problem, run, say


class Cloud(abc.ABC):
    """A cloud, or the virtual machine on one. `stack` is a meridian.stack.Stack."""

    title: str  # display name
    tool: object  # the cloud's meridian.checks.Tool, with which Terraform signs in too
    deploys: str  # how long a deployment usually takes, and what takes the time
    destroys: str  # the same for a destroy
    bootstraps: int  # minutes that a first bootstrap takes
    closed = (22, 8080, 8081)  # TCP ports that must be closed on the public address; without a domain also 443
    newest_ready = False  # whether requests not assigned to a revision by name go to the newest ready one
    requests_first = False  # whether the newest revision must get all requests before the canary's mode ends
    forged = ()  # headers besides X-Forwarded-For with which a client could try to forge its address
    machine = False  # whether it is a virtual machine that serves a page
    store: str  # Terraform address of the state store in a bootstrap
    absent = None  # pattern of Terraform's error for a missing store; None if found() asks the cloud first

    @property
    def environ(self):
        """Environment variables for Terraform."""
        return {}

    @abc.abstractmethod
    def identity(self, stack):
        """Describe the stack's account and who is signed in; raise Problem if nobody is."""

    @abc.abstractmethod
    def checks(self, stack, builds):
        """Checks for doctor: each returns what it found in the account, or raises Problem. builds: whether an image is
        pushed"""

    @abc.abstractmethod
    def leftovers(self, stack):
        """A line for each of the stack's resources that still exist, by the cloud's own API and not by the state."""

    @abc.abstractmethod
    def conflict(self, stack, kind, values):
        """What already has the name of a planned resource of this type, and its id for an import; None if free."""

    def expiring(self, stack):
        """Name to expiry, in the variable's format, of the account's stacks that have one."""
        return {}

    def destroy(self, stack, options):
        stack.terraform.destroy(*options.further)

    def found(self, stack, backend, planned):
        """Number of resources in the bootstrap's state in the store, or the error's text; None if there is no store.

        planned: type and values of the store to create
        """
        with stack.opened(backend) as (there, refused):
            if refused:
                return None if self.absent and re.search(self.absent, refused) else refused
            return len(there.state().get("resources", []))


def replaced(plan):
    """Yield a line for each resource that a JSON plan destroys or replaces, except those that every new image replaces
    without loss."""
    for change in plan.get("resource_changes", []):
        actions = change["change"]["actions"]
        if "delete" in actions and not re.search(
                r"\.?(terraform_data|aws_ecs_task_definition|google_compute_region_instance_template)\.",
                change["address"]):
            yield f"{'replaces' if 'create' in actions else 'destroys'} {change['address']}"


def outputs_of(plan):
    """Outputs of a JSON plan by name, without values known only after the apply.

    The image is known only once it serves; until then it is the requested one, from the variable.
    """
    outputs = {name: output.get("value") for name, output in plan.get("planned_values", {}).get("outputs", {}).items()}
    return {**outputs, "image": outputs.get("image") or plan.get("variables", {}).get("image", {}).get("value")}


def canary_ends(canary, planned):
    """Report if an apply ends the running canary. A plan that must not end it in one step was refused before.

    planned: outputs after the apply
    """
    if canary and planned.get("canary") != canary:
        how = "promotes" if planned.get("image") == canary["image"] else "withdraws"
        say(f"A canary is running, {canary['image']} with {canary['percent']} percent of the requests: "
            f"this apply {how} it.")


def query(known, *command, **words):
    """Parsed output of a cloud's CLI. An error becomes a Problem: known maps patterns of errors to their meaning and
    what to do."""
    done = run(*command, "--output", "json", check=False)
    if done.returncode == 0:
        return json.loads(done.stdout or "null")
    message = (done.stderr or done.stdout).strip()
    for pattern, (what, how) in known.items():
        if re.search(pattern, message, re.I | re.S):
            raise Problem(what, how.format(**words))
    raise Problem(f"`{' '.join(command[:3])}` was refused.", message)
