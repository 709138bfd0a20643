"""What all environments share in a cloud: the store of the states, the repository, the identities."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

from meridian import hcp
from meridian.console import Problem, patience, say
from meridian.stack import ROOT, Stack
from meridian.taken import taken

# What makes the store, by cloud, and what is said of a store that does not exist.
STORES = {
    "aws": ("module.state.aws_s3_bucket.this", r'S3 bucket "[^"]+" does not exist|NoSuchBucket'),
    "azure": ("module.state.azurerm_storage_account.this", r"^nobody has that name$"),
    "gcp": ("module.state.google_storage_bucket.this", r"bucket doesn't exist"),
}
# Of a first apply. Azure's provider alone watches a new lock for two.
MINUTES = {"aws": 2, "azure": 5, "gcp": 3}
# Beside a stack, read by Terraform after terraform.tfvars.
SHARED = "bootstrap.auto.tfvars"
# A right to blobs takes minutes to reach Azure's store.
PATIENCE_SECONDS = 600


class Bootstrap(Stack):
    """Folder stacks/bootstrap/CLOUD. Its first apply has local state, which then moves to the store it made."""

    def __init__(self, cloud, root=ROOT):
        super().__init__(cloud, root=root)
        self.folder = root / "stacks" / "bootstrap" / cloud

    @property
    def own_folder(self):
        return f"stacks/bootstrap/{self.cloud}"

    @property
    def stacks(self):
        """Folders of the stacks whose states are kept there."""
        return (f"stacks/{self.cloud}", f"stacks/vm/{self.cloud}")

    def workspaces(self, folder):
        """Of a folder that is prepared, all that its backend has."""
        listed = self._terraform("workspace", "list", workspace=None, folder=folder, stdout=subprocess.PIPE).stdout
        return listed.replace("*", " ").split()

    def _terraform(self, *arguments, check=True, workspace="default", folder=None, **options):
        """Terraform in this folder, or in another in place of it; workspace None lets it choose."""
        environment = {**os.environ, "TF_IN_AUTOMATION": "1", **getattr(self.provider, "ENVIRONMENT", {})}
        environment.pop("TF_WORKSPACE", None)
        if workspace:
            environment["TF_WORKSPACE"] = workspace
        folder = folder or self.folder
        with patience():
            done = subprocess.run(["terraform", f"-chdir={folder}", *arguments], env=environment, text=True, **options)
        if check and done.returncode:
            raise Problem(
                f"terraform {arguments[0]} in {folder} failed; its message stands above.",
                "Mend that and repeat the command: it goes on where it stopped.",
            )
        return done

    def init(self, back=False):
        """Prepares Terraform, also where an earlier run stopped while it moved the state; back: on the way back here."""
        say(f"Prepares Terraform in {self.own_folder}: about half a minute the first time, for the provider.")
        if self.moving(self.folder) and (back or (self.folder / "backend.tf").exists()):
            say("Goes on with moving its own state, where an earlier run stopped.")
            self.migrate(self.folder)
        else:
            # Without backend.tf, what a store holds is found by the plan.
            self._terraform("init", "-input=false", *(["-reconfigure"] if self.moving(self.folder) else []), workspace=None, stdout=subprocess.DEVNULL)

    def moving(self, folder):
        """Whether a run was cut short between saving a backend.tf, or taking it away, and moving the state."""
        if (folder / "backend.tf").exists():
            return bool(local_states(folder))
        known = folder / ".terraform/terraform.tfstate"
        return known.exists() and "backend" in json.loads(known.read_text() or "{}")

    def run(self):
        self.init()
        with tempfile.TemporaryDirectory() as folder:
            plan = pathlib.Path(folder) / "bootstrap.tfplan"
            self.store(plan)
            say(f"Makes what is missing: some {MINUTES[self.cloud]} minutes the first time.")
            self._terraform("apply", "-input=false", "-auto-approve", "-lock-timeout=60s", str(plan))
        outputs = self.outputs()
        for folder, backend in outputs["backend"].items():
            if hcp.block(self.root / folder):
                say(f"{folder} keeps its state in HCP Terraform, as its backend.tf says; leaves it there.")
            elif (self.root / folder).is_dir():
                self.move(self.root / folder, backend)
        if not hcp.block(self.root / "stacks" / self.cloud):
            for environment in outputs["settings"]["environments"]:
                self.workspace(self.root / "stacks" / self.cloud, environment)
        for folder in self.stacks:
            if any('variable "repository_url"' in file.read_text() for file in (self.root / folder).glob("variables*.tf")):
                (self.root / folder / SHARED).write_text(
                    f"# Written by task bootstrap-{self.cloud}: images of all environments go there.\n"
                    f'repository_url = "{outputs["repository_url"]}"\n'
                )
        return outputs

    def store(self, plan):
        """Plans, and refuses to when a name is somebody else's; takes up a bootstrap that was made elsewhere."""
        creates, backend = self.planned(plan)
        address, absent = STORES[self.cloud]
        if address in creates:
            name = re.search(r'(?:bucket|storage_account_name)\s*=\s*"([^"]*)"', backend)[1]
            found = look(self, backend, creates[address])
            if isinstance(found, str) and not re.search(absent, found):
                raise Problem(
                    f"{name}, where the states are to be kept, exists already and is somebody else's, or cannot be looked into: {last_words(found)}",
                    f"Nothing was changed. Give another name in {self.own_folder}/terraform.tfvars, or sign in as who may read it.",
                )
            if found == 0:
                raise Problem(
                    f"{name}, where the states are to be kept, exists already and holds no state of a bootstrap.",
                    f"Nothing was changed. Give another name in {self.own_folder}/terraform.tfvars. If it is yours, from a run "
                    f"that was cut short: terraform -chdir={self.own_folder} import '{address}' ID, then repeat the command.",
                )
            if not isinstance(found, str):
                say(f"{name} holds the state of a bootstrap that was run elsewhere; goes on with that.")
                (self.folder / "backend.tf").write_text(backend)
                self._terraform("init", "-input=false", "-reconfigure", workspace=None, stdout=subprocess.DEVNULL)
                creates, _ = self.planned(plan)
        others = list(taken(self, creates))
        if others:
            raise Problem(
                f"What it would make is there already, and in no state of a bootstrap: {', '.join(what for what, _ in others)}.",
                f"Nothing was changed. Give another name in {self.own_folder}/terraform.tfvars. What is yours, take in: "
                + "; ".join(how for _, how in others),
            )

    def planned(self, plan):
        """What a plan makes, by address, as type and values; and the backend of this folder."""
        self._terraform("plan", "-input=false", f"-out={plan}", "-lock-timeout=60s")
        shown = json.loads(self._terraform("show", "-json", str(plan), stdout=subprocess.PIPE).stdout)
        creates = {
            change["address"]: (change["type"], change["change"]["after"])
            for change in shown.get("resource_changes", [])
            if change["change"]["actions"] == ["create"]
        }
        return creates, shown["planned_values"]["outputs"]["backend"]["value"][self.own_folder]

    def move(self, folder, backend):
        """Saves a folder's backend.tf and moves its states there, those of all its workspaces."""
        file = folder / "backend.tf"
        if not file.exists() or file.read_text() != backend:
            file.write_text(backend)
        say(f"Keeps the state of {folder.relative_to(self.root)} there.")
        self.migrate(folder)

    def workspace(self, folder, environment):
        """Makes the workspace of an environment but production: a planner, who may not write, needs it there."""
        if environment != "production" and environment not in self.workspaces(folder):
            self._terraform("workspace", "new", environment, workspace=None, folder=folder, stdout=subprocess.DEVNULL)
            self._terraform("workspace", "select", "default", workspace=None, folder=folder, stdout=subprocess.DEVNULL)

    def migrate(self, folder):
        self.never_over_another(folder)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            done = self._terraform(
                "init", "-input=false", "-no-color", "-migrate-state", "-force-copy",
                workspace=None, check=False, folder=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )
            if done.returncode == 0:
                return
            if not re.search(r"AuthorizationPermissionMismatch|AuthorizationFailure|\b403\b", done.stdout) or time.monotonic() > deadline:
                raise Problem(f"The state of {folder.relative_to(self.root)} was not moved: {last_words(done.stdout)}", "Mend that and repeat the command.")
            say("The right to write states has not spread yet, which takes up to ten minutes; tries again in 20 seconds.")
            time.sleep(20)

    def never_over_another(self, folder):
        """Stops before a state would be written over that of somebody else, which Terraform would do."""
        here = local_states(folder)
        if not here or not (folder / "backend.tf").exists():
            return
        kept = self.kept((folder / "backend.tf").read_text())
        for workspace, state in here.items():
            other = kept.get(workspace, {})
            if other.get("resources") and (other["lineage"] != state["lineage"] or other["serial"] > state["serial"]):
                raise Problem(
                    f"{folder.relative_to(self.root)} has a state of its own here (workspace {workspace}), and another or a newer one "
                    "is kept in the store: two deployments of one name.",
                    "Nothing was moved. If what the file here lists is gone or wrong, move "
                    f"{local_file(folder, workspace).relative_to(self.root)} away and repeat the command.",
                )

    def kept(self, backend):
        """The states in a store, by workspace, without touching the folder's own."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            (path / "backend.tf").write_text(backend)
            opened = self._terraform("init", "-input=false", workspace=None, check=False, folder=path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if opened.returncode:
                return {}  # What is wrong with it, the migration says.
            return {
                workspace: json.loads(self._terraform("state", "pull", workspace=workspace, folder=path, stdout=subprocess.PIPE).stdout or "{}")
                for workspace in self.workspaces(path)
            }

    def standing(self):
        """Folder and workspace of each state that still holds something, but for the bootstrap's own."""
        for folder in self.stacks:
            path = self.root / folder
            if not path.is_dir() or not (path / "backend.tf").exists():
                continue
            self._terraform("init", "-input=false", workspace=None, folder=path, stdout=subprocess.DEVNULL)
            for workspace in self.workspaces(path):
                done = self._terraform("state", "list", workspace=workspace, check=False, folder=path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                if done.returncode and "No state file was found" not in done.stderr:
                    raise Problem(f"The state of {folder} cannot be read.", done.stderr.strip())
                if done.stdout.strip():
                    yield folder, workspace

    def remove(self):
        """Takes all of it away, states with all their versions and images too, once no stack needs it."""
        self.init(back=True)
        for folder in self.stacks:
            if hcp.block(self.root / folder):
                raise Problem(
                    f"{folder} keeps its states in HCP Terraform, where this does not look.",
                    f"First task destroy-{self.cloud} for each environment; then remove {folder}/backend.tf and repeat the command.",
                )
        standing = list(self.standing())
        if standing:
            listed = ", ".join(f"{folder} ({workspace})" for folder, workspace in standing)
            raise Problem(
                f"These still stand, and their states are kept here: {listed}.",
                f"First task destroy-{self.cloud}, with ENV=… for what is not production (workspace default).",
            )
        for folder in (*self.stacks, self.own_folder):
            path = self.root / folder
            (path / "backend.tf").unlink(missing_ok=True)
            if self.moving(path):
                self.migrate(path)
            (path / SHARED).unlink(missing_ok=True)
        self.destroy_a_copy()

    def destroy_a_copy(self):
        """Destroys from a copy without what forbids it; prevent_destroy takes no variable. The state stays where it
        is, so that a run that is cut short can be repeated."""
        state = f"-state={self.folder / 'terraform.tfstate'}"
        forced = False
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            copied = shutil.ignore_patterns(".terraform", "*.tfstate*", "tests")
            shutil.copytree(self.root / "modules" / self.cloud, root / "modules" / self.cloud, ignore=copied)
            shutil.copytree(self.folder, root / self.own_folder, ignore=copied)
            for file in root.rglob("*.tf"):
                text = re.sub(r"(prevent_destroy\s*=) true", r"\1 false", file.read_text())
                text, found = re.subn(r"(force_(?:destroy|delete)\s*=) false", r"\1 true", text)
                file.write_text(text)
                forced = forced or found
            copy = root / self.own_folder
            self._terraform("init", "-input=false", workspace=None, folder=copy, stdout=subprocess.DEVNULL)
            if forced:
                # What is gone already is not made again.
                listed = self._terraform("state", "list", state, folder=copy, stdout=subprocess.PIPE).stdout.split()
                full = [f"-target={address}" for address in listed if re.search(r"aws_s3_bucket\.|aws_ecr_repository\.|google_storage_bucket\.", address)]
                if full:
                    self._terraform("apply", "-input=false", "-auto-approve", state, *full, folder=copy)
            self._terraform("destroy", "-input=false", "-auto-approve", state, folder=copy)


def local_file(folder, workspace):
    return folder / ("terraform.tfstate" if workspace == "default" else f"terraform.tfstate.d/{workspace}/terraform.tfstate")


def local_states(folder):
    """The states that a folder itself holds, by workspace; empty ones, which a migration leaves, do not count."""
    files = {"default": local_file(folder, "default")} | {file.parent.name: file for file in folder.glob("terraform.tfstate.d/*/terraform.tfstate")}
    states = {workspace: json.loads(file.read_text() or "{}") for workspace, file in files.items() if file.exists()}
    return {workspace: state for workspace, state in states.items() if state.get("resources")}


def look(bootstrap, backend, planned):
    """What the store holds: how many resources its bootstrap's state has, or the error in words.

    planned: type and values of what would make the store
    """
    if bootstrap.cloud == "azure" and not list(taken(bootstrap, {"": planned})):
        return "nobody has that name"
    if bootstrap.cloud == "gcp":
        return look_past_terraform(bootstrap.provider, backend)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        (path / "backend.tf").write_text(backend)
        done = bootstrap._terraform(
            "init", "-input=false", "-no-color",
            workspace=None, check=False, folder=path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        if done.returncode:
            return done.stdout
        pulled = bootstrap._terraform("state", "pull", workspace=None, folder=path, stdout=subprocess.PIPE).stdout
        return len(json.loads(pulled or "{}").get("resources", []))


def look_past_terraform(provider, backend):
    """The same of Google's bucket, where Terraform's init would write an empty state first."""
    bucket, prefix = (re.search(rf'{name}\s*=\s*"([^"]*)"', backend)[1] for name in ("bucket", "prefix"))
    storage = os.environ.get("GOOGLE_BACKEND_STORAGE_CUSTOM_ENDPOINT", "https://storage.googleapis.com/storage/v1/b")
    try:
        provider.ask(f"{storage}/{bucket}")
    except provider.Refused as refused:
        # A new project's interface may be off, and is turned on by the apply.
        absent = refused.status == 404 or refused.reason == "SERVICE_DISABLED"
        return "bucket doesn't exist" if absent else f"{refused.what} {refused.how}"
    try:
        state = provider.ask(f"{storage}/{bucket}/o/{prefix}%2Fdefault.tfstate?alt=media")
    except provider.Refused as refused:
        if refused.status != 404:
            return f"{refused.what} {refused.how}"
        state = {}
    return len(state.get("resources", []))


def last_words(output):
    """Terraform's error in one line."""
    text = re.sub(r"[│╷╵]", " ", output)
    return " ".join(text[text.rfind("Error:") :].split()) if "Error:" in text else " ".join(text.split()[-60:])
