"""What all environments share in a cloud: the store of the states, the repository, the identities."""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

from meridian.console import Problem, patience, say
from meridian.stack import ROOT, Stack

# What makes the store, by cloud, and what Terraform says of a store that does not exist.
STORES = {
    "aws": ("module.state.aws_s3_bucket.this", r'S3 bucket "[^"]+" does not exist|NoSuchBucket'),
    "azure": ("module.state.azurerm_storage_account.this", r"no such host|ResourceNotFound|ContainerNotFound|AccountNotFound"),
    "gcp": ("module.state.google_storage_bucket.this", r"bucket doesn't exist"),
}
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

    def init(self):
        say(f"Prepares Terraform in {self.own_folder}: about half a minute the first time, for the provider.")
        self._terraform("init", "-input=false", workspace=None, stdout=subprocess.DEVNULL)

    def run(self):
        self.init()
        with tempfile.TemporaryDirectory() as folder:
            plan = pathlib.Path(folder) / "bootstrap.tfplan"
            self.store(plan)
            say("Makes what is missing: some 2 minutes the first time.")
            self._terraform("apply", "-input=false", "-auto-approve", "-lock-timeout=60s", str(plan))
        outputs = self.outputs()
        for folder, backend in outputs["backend"].items():
            if (self.root / folder).is_dir():
                self.move(self.root / folder, backend)
        for environment in outputs["settings"]["environments"]:
            self.workspace(self.root / "stacks" / self.cloud, environment)
        for folder in (f"stacks/{self.cloud}", f"stacks/vm/{self.cloud}"):
            if any('variable "repository_url"' in file.read_text() for file in (self.root / folder).glob("variables*.tf")):
                (self.root / folder / SHARED).write_text(
                    f"# Written by task bootstrap-{self.cloud}: images of all environments go there.\n"
                    f'repository_url = "{outputs["repository_url"]}"\n'
                )
        return outputs

    def store(self, plan):
        """Plans, and refuses to when the store's name is somebody else's; takes up a bootstrap that was made elsewhere."""
        self._terraform("plan", "-input=false", f"-out={plan}", "-lock-timeout=60s")
        planned = json.loads(self._terraform("show", "-json", str(plan), stdout=subprocess.PIPE).stdout)
        address, absent = STORES[self.cloud]
        creates = any(
            change["address"] == address and change["change"]["actions"] == ["create"]
            for change in planned["resource_changes"]
        )
        if not creates:
            return
        backend = planned["planned_values"]["outputs"]["backend"]["value"][self.own_folder]
        name = re.search(r'(?:bucket|storage_account_name)\s*=\s*"([^"]*)"', backend)[1]
        if self.cloud == "azure" and not resolves(name):
            return
        found = look(self, backend)
        if isinstance(found, str):
            if re.search(absent, found):
                return
            raise Problem(
                f"{name}, where the states are to be kept, exists already and is somebody else's, or cannot be looked into: {last_words(found)}",
                f"Nothing was changed. Give another name in {self.own_folder}/terraform.tfvars, or sign in as who may read it.",
            )
        if not found:
            raise Problem(
                f"{name}, where the states are to be kept, exists already and holds no state of a bootstrap.",
                f"Nothing was changed. Give another name in {self.own_folder}/terraform.tfvars. If it is yours, from a run "
                f"that was cut short: terraform -chdir={self.own_folder} import '{address}' ID, then repeat the command.",
            )
        say(f"{name} holds the state of a bootstrap that was run elsewhere; goes on with that.")
        (self.folder / "backend.tf").write_text(backend)
        self._terraform("init", "-input=false", "-reconfigure", workspace=None, stdout=subprocess.DEVNULL)
        self._terraform("plan", "-input=false", f"-out={plan}", "-lock-timeout=60s")

    def move(self, folder, backend):
        """Saves a folder's backend.tf and moves its states there, those of all its workspaces."""
        file = folder / "backend.tf"
        if not file.exists() or file.read_text() != backend:
            file.write_text(backend)
        say(f"Keeps the state of {folder.relative_to(self.root)} there.")
        self.migrate(folder)

    def workspace(self, folder, environment):
        """Makes the workspace of an environment but production: a planner, who may not write, needs it there."""
        listed = self._terraform("workspace", "list", workspace=None, folder=folder, stdout=subprocess.PIPE).stdout
        if environment != "production" and environment not in listed.replace("*", " ").split():
            self._terraform("workspace", "new", environment, workspace=None, folder=folder, stdout=subprocess.DEVNULL)
            self._terraform("workspace", "select", "default", workspace=None, folder=folder, stdout=subprocess.DEVNULL)

    def migrate(self, folder):
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

    def standing(self):
        """Folder and workspace of each state that still holds something, but for the bootstrap's own."""
        for folder in (f"stacks/{self.cloud}", f"stacks/vm/{self.cloud}"):
            path = self.root / folder
            if not path.is_dir() or not (path / "backend.tf").exists():
                continue
            self._terraform("init", "-input=false", workspace=None, folder=path, stdout=subprocess.DEVNULL)
            listed = self._terraform("workspace", "list", workspace=None, folder=path, stdout=subprocess.PIPE).stdout
            for workspace in listed.replace("*", " ").split():
                done = self._terraform("state", "list", workspace=workspace, check=False, folder=path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                if done.returncode and "No state file was found" not in done.stderr:
                    raise Problem(f"The state of {folder} cannot be read.", done.stderr.strip())
                if done.stdout.strip():
                    yield folder, workspace

    def remove(self):
        """Takes all of it away, states with all their versions and images too, once no stack needs it."""
        self.init()
        standing = list(self.standing())
        if standing:
            listed = ", ".join(f"{folder} ({workspace})" for folder, workspace in standing)
            raise Problem(
                f"These still stand, and their states are kept here: {listed}.",
                f"First task destroy-{self.cloud}, with ENV=… for what is not production (workspace default).",
            )
        for folder in (f"stacks/{self.cloud}", f"stacks/vm/{self.cloud}", self.own_folder):
            path = self.root / folder
            if (path / "backend.tf").exists():
                (path / "backend.tf").unlink()
                self.migrate(path)
            (path / SHARED).unlink(missing_ok=True)
        self.destroy_a_copy()

    def destroy_a_copy(self):
        """Destroys from a copy without what forbids it; prevent_destroy takes no variable."""
        state = self.folder / "terraform.tfstate"
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            copied = shutil.ignore_patterns(".terraform", "*.tfstate*", "tests")
            shutil.copytree(self.root / "modules" / self.cloud, root / "modules" / self.cloud, ignore=copied)
            shutil.copytree(self.folder, root / self.own_folder, ignore=copied)
            for file in root.rglob("*.tf"):
                text = re.sub(r"(prevent_destroy\s*=) true", r"\1 false", file.read_text())
                file.write_text(re.sub(r"(force_(?:destroy|delete)\s*=) false", r"\1 true", text))
            copy = root / self.own_folder
            shutil.copy2(state, copy)
            try:
                self._terraform("init", "-input=false", workspace=None, folder=copy, stdout=subprocess.DEVNULL)
                for command in ("apply", "destroy"):
                    self._terraform(command, "-input=false", "-auto-approve", folder=copy)
            finally:
                shutil.copy2(copy / "terraform.tfstate", state)


def resolves(account):
    """Whether a storage account of Azure has that name: each has a host of its own."""
    try:
        socket.getaddrinfo(f"{account}.blob.core.windows.net", 443)
        return True
    except socket.gaierror:
        return False


def look(bootstrap, backend):
    """What the store holds: how many resources its bootstrap's state has, or the error in words."""
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
        return "bucket doesn't exist" if refused.status == 404 else f"{refused.what} {refused.how}"
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
