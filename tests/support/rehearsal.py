"""Shared by the rehearsals on the doubles of Azure and Google Cloud: a copy of a stack, and what is done with it."""

import json
import os
import resource
import subprocess
import sys
import time

import pytest
from support.machine import copy, ran

# Takes minutes and shows little more than one preview does.
ALL_PREVIEWS = pytest.mark.skipif("ALL_PREVIEWS" not in os.environ, reason="ALL_PREVIEWS=1 deploys all twenty")


def copied(cloud, folder):
    """Copy all that a deployment reads, as in a fresh clone without the lock file; return the stack's folder."""
    copy(folder, f"modules/{cloud}", "modules/image", f"stacks/{cloud}", "app/documents", "app/pom.xml", "scripts")
    return folder / "stacks" / cloud


def changed(plan):
    """Address to actions of what a plan, given as JSON, would change."""
    return {
        each["address"]: each["change"]["actions"]
        for each in plan.get("resource_changes", [])
        if each["change"]["actions"] not in (["no-op"], ["read"])
    }


def by_type(addresses):
    """Number of addresses per resource type."""
    counts = {}
    for address in addresses:
        kind = [part for part in address.split(".") if part.startswith(("azurerm_", "google_", "terraform_"))][0]
        counts[kind] = counts.get(kind, 0) + 1
    return counts


def timed(action):
    """An action's result, and the seconds that it took: wall time, and CPU time of the programs that it started."""
    begin, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    given = action()
    wall, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    return given, wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def fair(wall, worked):
    """The time that counts: CPU time on a busy machine, else wall time."""
    return worked if os.getloadavg()[0] > os.cpu_count() else wall


class Rehearsal:
    """A copy of a cloud's stack, the double that it is applied to, and the variables that change from step to step."""

    def __init__(self, cloud, folder, fake, environment, image):
        """cloud: as in the scripts; environment: complete, for Terraform and the scripts; image: the first."""
        self.cloud, self.folder, self.fake = cloud, folder, fake
        self.stack = copied(cloud, folder)
        self.environment = environment
        self.image, self.canary, self.settings = image, None, {}
        self.terraform("init", "-input=false")

    def stop(self):
        self.fake.stop()

    def terraform(self, *arguments, codes=(0,)):
        return ran("terraform", f"-chdir={self.stack}", *arguments, "-no-color", env=self.environment, codes=codes)

    def script(self, program, *arguments, **more):
        """Start a command of scripts/meridian with its output in a pipe; the arguments go to Terraform."""
        return subprocess.Popen(
            [sys.executable, self.folder / "scripts/meridian", program, self.cloud,
                *(["--", *arguments] if arguments else [])],
            env={**self.environment, "PYTHONDONTWRITEBYTECODE": "1", **more},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def said(self, program, *arguments, code=0, **more):
        """Run such a command to its end; return its output."""
        process = self.script(program, *arguments, **more)
        said = process.communicate()[0]
        assert process.returncode == code, said
        return said

    def set(self, **changes):
        vars(self).update(changes)
        variables = {"image": self.image, "canary": self.canary, "environment": self.settings}
        (self.stack / "rehearsal.auto.tfvars.json").write_text(json.dumps(variables))

    def plan(self):
        """Plan, for `apply` too; return the plan as JSON."""
        self.terraform("plan", "-input=false", "-out=plan")
        return json.loads(self.terraform("show", "-json", "plan").stdout)

    def apply(self):
        """Plan and apply; return address to actions of what changed."""
        changes = changed(self.plan())
        self.terraform("apply", "-input=false", "-parallelism=20", "plan")
        return changes

    def refused(self):
        """Output of an apply that must fail."""
        self.plan()
        return self.terraform("apply", "-input=false", "-parallelism=20", "plan", codes=(1,)).stdout

    def refused_at_plan(self):
        """Output of a plan that must fail."""
        return self.terraform("plan", "-input=false", codes=(1,)).stdout

    def settled(self, *arguments):
        """Assert that another plan is empty; return True."""
        done = self.terraform("plan", "-input=false", "-detailed-exitcode", *arguments, codes=(0, 2))
        assert done.returncode == 0, done.stdout
        return True

    def outputs(self):
        return {name: each["value"] for name, each in json.loads(self.terraform("output", "-json").stdout).items()}
