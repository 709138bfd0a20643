"""Terraform in one folder and workspace."""

import base64
import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from meridian.checks import TERRAFORM
from meridian.console import Problem, patiently

# Options of a plan that its apply takes too.
OF_APPLY = ("-parallelism", "-lock", "-no-color", "-compact-warnings")

# What Terraform prints once it changes a resource; colour codes may surround it.
BEGUN = re.compile(r": (Creating|Modifying|Destroying)\.\.\.")


class Unchanged(Problem):
    """An apply that failed before it changed anything: the plan is stale or missing, or the state is locked."""


@dataclasses.dataclass(frozen=True)
class Terraform:
    folder: pathlib.Path
    workspace: str = None  # for TF_WORKSPACE; None lets Terraform choose
    environ: dict = dataclasses.field(default_factory=dict)  # in addition to that of this process
    files: tuple = ()  # -var-file=… of an environment
    guide: str = "Fix the cause and repeat the command, which continues where it stopped."

    def run(self, *arguments, check=True, codes=(0,), **options):
        TERRAFORM.found()
        environ = {**os.environ, "TF_IN_AUTOMATION": "1", **self.environ}
        # One data folder for several stacks would give a stack the backend of another.
        for name in ("TF_WORKSPACE", "TF_DATA_DIR"):
            environ.pop(name, None)
        if self.workspace:
            environ["TF_WORKSPACE"] = self.workspace
        done = patiently("terraform", f"-chdir={self.folder}", *arguments, env=environ, **options)
        if check and done.returncode not in codes:
            raise Problem(f"terraform {arguments[0]} in {self.folder} failed; see its message above.", self.guide)
        return done

    def read(self, *arguments):
        """Standard output of a command."""
        return self.run(*arguments, stdout=subprocess.PIPE).stdout

    def quiet(self, *arguments):
        """Run a command without printing or checking; stdout of the result has both of its streams."""
        return self.run(*arguments, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def state(self):
        return json.loads(self.read("state", "pull") or "{}")

    def workspaces(self):
        """All workspaces in the backend."""
        return self.read("workspace", "list").replace("*", " ").split()

    def at(self, **changes):
        """A copy, such as for another folder or workspace."""
        return dataclasses.replace(self, **changes)

    def idle(self, patience):
        """Wait for a Terraform that outlived a killed run, which only its lock shows, with a command that changes
        nothing. If the lock stays, the next command reports it. patience: such as 300s"""
        self.quiet("untaint", "-allow-missing", f"-lock-timeout={patience}", "terraform_data.none")

    def init(self, *arguments, **options):
        return self.run("init", "-input=false", *arguments, **{"stdout": subprocess.DEVNULL, **options})

    def plan(self, *arguments, check=False):
        """Plan; with -detailed-exitcode, exit code 2 means changes."""
        return self.run("plan", "-input=false", *self.files, *arguments, check=check, codes=(0, 2))

    def apply(self, *arguments):
        self.run("apply", "-input=false", "-auto-approve", "-lock-timeout=60s", *self.files, *arguments)

    def apply_plan(self, plan, *arguments):
        """arguments: those that the plan was given"""
        own = [each for each in arguments if each.startswith(OF_APPLY)]
        if ephemeral(self.folder):
            own += [*self.files, *given(self.folder, arguments)]
        begun = []
        done = self.run("apply", "-input=false", "-lock-timeout=300s", *own, str(plan), check=False,
            each=lambda line: begun.append(BEGUN.search(line)))
        if done.returncode:
            kind = Problem if any(begun) else Unchanged
            raise kind(f"terraform apply in {self.folder} failed; see its message above.", self.guide)

    def destroy(self, *arguments, **options):
        return self.run("destroy", "-input=false", "-auto-approve", "-lock-timeout=60s", *self.files, *arguments,
            **options)

    def show(self, *plan):
        """The state, or a saved plan, parsed."""
        return json.loads(self.read("show", "-json", *map(str, plan)))

    def outputs(self):
        """Outputs of the last apply by name; empty before the first."""
        return {name: output["value"] for name, output in json.loads(self.read("output", "-json")).items()}

    def resources(self):
        """Addresses of all that the state holds; empty before the first apply."""
        done = self.run("state", "list", check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode and "No state file was found" not in done.stderr:
            raise Problem(f"The state of {self.folder} cannot be read.", done.stderr.strip())
        return done.stdout.split()

    def foreign(self, argument):
        """Whether an argument sets a variable that only a file of the user's own declares."""
        return argument.startswith("-var=") and argument[5:].partition("=")[0].strip() not in declared(self.folder)

    def value(self, expression, *given):
        """Value of an expression of variables, evaluated by Terraform; None if one has no value or is not declared.

        given: -var and -var-file of the command line. The console gets only the files with variables, so that it needs
        no provider; it refuses a -var of a variable that another file declares.
        """
        given = [each for each in given if not self.foreign(each)]
        TERRAFORM.found()
        environ = {name: value for name, value in os.environ.items() if not name.startswith("TF_")
            or name.startswith("TF_VAR_")}
        with tempfile.TemporaryDirectory() as folder:
            for pattern in ("variables*.tf", "*.tfvars", "*.tfvars.json", "services/*.tfvars"):
                # Skips an editor's lock, which may be a dangling link.
                for file in filter(pathlib.Path.is_file, self.folder.glob(pattern)):
                    to = pathlib.Path(folder, file.relative_to(self.folder))
                    to.parent.mkdir(exist_ok=True)
                    shutil.copy(file, to)
            done = subprocess.run(
                ["terraform", f"-chdir={folder}", "console", "-no-color", *self.files, *given],
                env={**environ, **self.environ},
                input=f"base64encode(jsonencode({expression}))\n",
                text=True,
                capture_output=True,
            )
        if "undeclared input variable" in done.stderr:
            return None
        if done.returncode or "Error:" in done.stderr:
            raise Problem(f"Terraform does not accept the variables of {self.folder}.", last_words(done.stderr))
        # On a slow machine, the value follows a line that Terraform waits for a lock.
        encoded = done.stdout.strip().rpartition("\n")[2].strip('"')
        if encoded != "(known after apply)":
            return json.loads(base64.b64decode(encoded))
        if expression in ("var.name", "var.region"):
            raise Problem(f"The variable {expression[4:]} of {self.folder} has no value.",
                "Set it in a tfvars file there.")
        return None


def declared(folder):
    """Names of the variables that a stack declares."""
    return {name for file in folder.glob("variables*.tf")
        for name in re.findall(r'^variable "(\w+)"', file.read_text(), re.M)}


def ephemeral(folder):
    """Whether a file of the user's own declares an ephemeral variable. A saved plan lacks its value, so the apply needs
    it again; other variables given to that apply must be as in the plan."""
    return any(re.search(r"^\s*ephemeral\s*=\s*true\b", file.read_text(), re.M)
        for file in filter(pathlib.Path.is_file, folder.glob("*.tf")))


def given(folder, further):
    """Those of Terraform's arguments that set variables; the path of a file is from the stack's folder."""
    for each in further:
        option, _, value = each.partition("=")
        if option in ("-var", "-var-file"):
            yield f"{option}={folder / value if option == '-var-file' else value}"


def last_words(output):
    """Terraform's error in one line."""
    text = re.sub(r"[│╷╵]", " ", output)
    return " ".join(text[text.rfind("Error:") :].split()) if "Error:" in text else " ".join(text.split()[-60:])
