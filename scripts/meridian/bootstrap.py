"""What all environments of a cloud share: state store, image repository and identities."""

import contextlib
import functools
import json
import pathlib
import re
import shutil
import tempfile
import time

from meridian import hcp
from meridian.checks import ready
from meridian.console import Command, Problem, confirm, say
from meridian.stack import PRODUCTION, Stack
from meridian.terraform import declared, last_words

# Written beside each stack; Terraform reads it after terraform.tfvars.
SHARED = "bootstrap.auto.tfvars"
# On Azure a new right to blobs takes minutes to take effect.
PATIENCE_SECONDS = 600


def run(bootstrap, options):
    """Creates what all environments of a cloud share, and moves the stacks' states into the shared store. A rerun
    applies what you changed in stacks/bootstrap/CLOUD/terraform.tfvars. Writes backend.tf and bootstrap.auto.tfvars,
    to be committed."""
    ready(bootstrap, builds=False, deploys=False)
    outputs = bootstrap.run()
    say("", "Done. Commit the files that this command wrote:",
        "  git add 'stacks/**/backend.tf' 'stacks/**/bootstrap.auto.tfvars'")
    settings = outputs["settings"]
    say("", "Pipelines need these variables. None of them is a secret. For GitHub:")
    for name, value in settings["all"].items():
        say(f"  gh variable set {name} --body '{value}'")
    for env, values in settings["environments"].items():
        for name, value in values.items():
            say(f"  gh variable set {name} --env {env} --body '{value}'")
    say("GitHub does not protect environments by default: in the repository's settings, require reviewers for "
        "production.")
    if bootstrap.kind == "gcp":
        say("CircleCI deploys only the virtual machine. Set the same variables in its Project Settings, Environment "
            "Variables, but GCP_PROVIDER_CIRCLECI in place of GCP_PROVIDER.")


def removal(folder, workspace="default"):
    """The command that destroys what is deployed in a workspace of a stack."""
    env, _, service = workspace.partition("_")
    settings = {"SERVICE": service, "ENV": "" if env in ("default", PRODUCTION) else env}
    return Command(f"destroy-{folder.removeprefix('stacks/').replace('/', '-')}",
        {name: value for name, value in settings.items() if value})


def destroy(bootstrap, options):
    what = (
        f"Removes the states of {bootstrap.cloud.title} with all their versions,"
        f" and every image of {bootstrap.name}."
    )
    confirm(what, bootstrap.name, options.confirm)
    bootstrap.remove()
    say("Removed, states and images too. Remove backend.tf and bootstrap.auto.tfvars from the repository.")


class Bootstrap(Stack):
    """Folder stacks/bootstrap/CLOUD. Its first apply uses local state, which then moves to the store it created."""

    def __init__(self, cloud):
        super().__init__(f"bootstrap/{cloud}")
        self.own_folder = f"stacks/{self.place}"
        # Folders of the stacks whose states are in the store.
        self.stacks = (f"stacks/{cloud}", f"stacks/vm/{cloud}", f"stacks/platform/{cloud}")

    @functools.cached_property
    def terraform(self):
        return self.plain.at(workspace="default")

    def init(self, back=False):
        """Prepare Terraform, even if an earlier run stopped while it moved the state. back: whether states move from
        the store to this machine"""
        say(f"Preparing Terraform in {self.own_folder}. The first time, downloading the provider takes half a minute.")
        if self.moving(self.folder) and (back or (self.folder / "backend.tf").exists()):
            say("An earlier run stopped while it moved the bootstrap's own state: continuing.")
            self.migrate(self.folder)
        else:
            # Without backend.tf Terraform starts from local state; store() finds a state that is elsewhere.
            self.plain.init(*(["-reconfigure"] if self.moving(self.folder) else []))

    def moving(self, folder):
        """Whether a run stopped after writing or removing a backend.tf, but before moving the state."""
        if (folder / "backend.tf").exists():
            return bool(local_states(folder))
        known = folder / ".terraform/terraform.tfstate"
        return known.exists() and "backend" in json.loads(known.read_text() or "{}")

    def run(self):
        self.init()
        with tempfile.TemporaryDirectory() as folder:
            plan = pathlib.Path(folder) / "bootstrap.tfplan"
            self.store(plan)
            say(f"Creating what is missing: some {self.cloud.bootstraps} minutes the first time.")
            self.terraform.apply_plan(plan)
        outputs = self.terraform.outputs()
        for folder, backend in outputs["backend"].items():
            if hcp.block(self.root / folder):
                say(f"{folder} keeps its state in HCP Terraform, as its backend.tf says; that state stays there.")
            elif (self.root / folder).is_dir():
                (self.root / folder / "backend.tf").write_text(backend)
                say(f"Moving the state of {folder} to the store.")
                self.migrate(self.root / folder)
        if not hcp.block(self.root / self.stacks[0]):
            # Not in the stack's folder: after an interruption the new workspace would stay selected there.
            with self.opened(outputs["backend"][self.stacks[0]]) as (there, _):
                # A planner may not write, so each environment's workspace must exist already.
                for env in {*outputs["settings"]["environments"]} - {PRODUCTION, *there.workspaces()}:
                    there.read("workspace", "new", env)
        for folder in self.stacks:
            if text := shared(self.root / folder, self.task, outputs):
                (self.root / folder / SHARED).write_text(text)
        return outputs

    def store(self, plan):
        """Plan, with the state of a bootstrap that was run elsewhere if there is one; Problem if a name is taken."""
        creates, backend = self.planned(plan)
        address = self.cloud.store
        if address in creates:
            name = re.search(r'(?:bucket|storage_account_name)\s*=\s*"([^"]*)"', backend)[1]
            found = self.cloud.found(self, backend, creates[address])
            if isinstance(found, str):
                raise Problem(
                    f"{name}, which is to hold the states, exists already. It belongs to somebody else, or cannot be "
                    f"read: {last_words(found)}",
                    f"Nothing was changed. Set another name in {self.own_folder}/terraform.tfvars, or sign in as "
                    f"somebody who may read {name}.",
                )
            if found == 0:
                raise Problem(
                    f"{name}, which is to hold the states, exists already and holds no state of a bootstrap.",
                    f"Nothing was changed. Set another name in {self.own_folder}/terraform.tfvars. If an interrupted "
                    f"run of yours created {name}, import it by its resource ID: terraform "
                    f"-chdir={self.own_folder} import '{address}' ID. Then repeat the command.",
                )
            if found:
                say(f"{name} holds the state of a bootstrap that was run elsewhere; continuing with that state.")
                (self.folder / "backend.tf").write_text(backend)
                self.plain.init("-reconfigure")
                creates, _ = self.planned(plan)
        # The clouds would refuse these too, but one at a time and in the middle of an apply.
        found = {address: self.cloud.conflict(self, *planned) for address, planned in creates.items()}
        others = {address: each for address, each in found.items() if each}
        if others:
            takes = (
                how if how.startswith("set github") else f"terraform -chdir={self.own_folder} import '{address}' {how}"
                for address, (_, how) in others.items()
            )
            raise Problem(
                f"The bootstrap needs to create these, but they exist already and are in no bootstrap's state: "
                f"{', '.join(what for what, _ in others.values())}.",
                f"Nothing was changed. Set another name in {self.own_folder}/terraform.tfvars. Or, if these are yours, "
                f"add them to this bootstrap: {'; '.join(takes)}",
            )

    def planned(self, plan):
        """Plan; return type and values of each new resource by address, and this folder's backend."""
        self.terraform.plan(f"-out={plan}", "-lock-timeout=60s", check=True)
        shown = self.terraform.show(plan)
        creates = {
            change["address"]: (change["type"], change["change"]["after"])
            for change in shown.get("resource_changes", [])
            if change["change"]["actions"] == ["create"]
        }
        return creates, shown["planned_values"]["outputs"]["backend"]["value"][self.own_folder]

    def migrate(self, folder):
        self.never_over_another(folder)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            done = self.plain.at(folder=folder).quiet("init", "-input=false", "-no-color", "-migrate-state",
                "-force-copy")
            if done.returncode == 0:
                return
            if not re.search(r"AuthorizationPermissionMismatch|AuthorizationFailure|\b403\b",
                    done.stdout) or time.monotonic() > deadline:
                raise Problem(f"The state of {folder.relative_to(self.root)} was not moved: {last_words(done.stdout)}",
                    "Fix the cause and repeat the command.")
            say("The right to write states has not taken effect yet, which can take ten minutes; trying again in 20 "
                "seconds.")
            time.sleep(20)

    def never_over_another(self, folder):
        """Stop if Terraform would overwrite a state that is newer or another deployment's."""
        here = local_states(folder)
        if not here or not (folder / "backend.tf").exists():
            return
        kept = self.kept((folder / "backend.tf").read_text())
        for workspace, (file, state) in here.items():
            other = kept.get(workspace, {})
            if not other.get("resources"):
                continue
            stack = folder.relative_to(self.root)
            begin = f"{stack} has a state on this machine (workspace {workspace}), but the store"
            away = f"move {file.relative_to(self.root)} to another folder and repeat the command."
            if other["lineage"] != state["lineage"]:
                raise Problem(f"{begin} already holds the state of another deployment with the same name.",
                    f"Nothing was moved. If none of the resources in this machine's state exist any more, {away}")
            if other["serial"] > state["serial"]:
                raise Problem(f"{begin} already holds a newer version of this state.",
                    f"Nothing was moved. If the newer version has every resource of this machine's state, {away}")

    @contextlib.contextmanager
    def opened(self, backend):
        """Yield Terraform on a store, apart from the folder's own state, and its error if the store does not open."""
        with tempfile.TemporaryDirectory() as folder:
            there = self.plain.at(folder=pathlib.Path(folder))
            (there.folder / "backend.tf").write_text(backend)
            done = there.quiet("init", "-input=false", "-no-color")
            yield there, done.stdout if done.returncode else None

    def kept(self, backend):
        """States in a store, by workspace; empty if it cannot be opened, since the migration then reports why."""
        with self.opened(backend) as (there, refused):
            spaces = [] if refused else there.workspaces()
            return {workspace: there.at(workspace=workspace).state() for workspace in spaces}

    def standing(self):
        """Yield folder and workspace of each state that still has resources, except the bootstrap's own."""
        for folder in self.stacks:
            path = self.root / folder
            if not path.is_dir() or not (path / "backend.tf").exists():
                continue
            there = self.plain.at(folder=path)
            there.init()
            for workspace in there.workspaces():
                if there.at(workspace=workspace).resources():
                    yield folder, workspace

    def remove(self):
        """Destroy the bootstrap with all images and state versions, once no stack needs it."""
        self.init(back=True)
        for folder in self.stacks:
            if hcp.block(self.root / folder):
                raise Problem(
                    f"{folder} keeps its states in HCP Terraform, where this command does not look.",
                    f"First {removal(folder)} for each environment; then remove {folder}/backend.tf and repeat the "
                    f"command.",
                )
        standing = list(self.standing())
        if standing:
            listed = ", ".join(f"{folder} ({workspace})" for folder, workspace in standing)
            removals = "; ".join(str(removal(*each)) for each in standing)
            raise Problem(
                f"Still deployed: {listed}. This command would remove the store that holds their states.",
                f"First {removals}",
            )
        for folder in (*self.stacks, self.own_folder):
            path = self.root / folder
            (path / "backend.tf").unlink(missing_ok=True)
            if self.moving(path):
                self.migrate(path)
            (path / SHARED).unlink(missing_ok=True)
        self.destroy_a_copy()

    def destroy_a_copy(self):
        """Destroy from a copy of the code that allows it, since prevent_destroy takes no variable. The state stays in
        place, so that an interrupted run can be repeated."""
        state = f"-state={self.folder / 'terraform.tfstate'}"
        forced = False
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            # The last is an editor's lock, which may be a dangling link.
            copied = shutil.ignore_patterns(".terraform", "*.tfstate*", "tests", ".#*")
            shutil.copytree(self.root / "modules" / self.kind, root / "modules" / self.kind, ignore=copied)
            shutil.copytree(self.folder, root / self.own_folder, ignore=copied)
            for file in root.rglob("*.tf"):
                text = re.sub(r"(prevent_destroy\s*=) true", r"\1 false", file.read_text())
                text, found = re.subn(r"(force_(?:destroy|delete)\s*=) false", r"\1 true", text)
                file.write_text(text)
                forced = forced or found
            copy = self.terraform.at(folder=root / self.own_folder)
            copy.at(workspace=None).init()
            if forced:
                # Target only what still exists: a full apply would recreate what an earlier run destroyed.
                filled = re.compile(r"aws_s3_bucket\.|aws_ecr_repository\.|google_storage_bucket\.")
                full = [f"-target={address}"
                    for address in copy.read("state", "list", state).split() if filled.search(address)]
                if full:
                    copy.apply(state, *full)
            copy.destroy(state)


def shared(folder, task, outputs):
    """Terraform variables for a stack with what the environments share; empty if it declares none of them."""
    variables = declared(folder)
    if "repository_url" not in variables:
        return ""
    text = f"# Written by ./taskw {task}: the images of all environments are pushed to this repository.\n"
    text += f'repository_url = "{outputs["repository_url"]}"\n'
    if "boundary" in variables:
        text += "# A deployer may create only roles that have the bootstrap's permissions boundary.\nboundary = true\n"
    if "machine" in variables and outputs.get("machine"):
        text += "# The bootstrap made this account, because a deployer may not grant rights in the project.\n"
        text += f'machine = "{outputs["machine"]}"\n'
    return text


def local_states(folder):
    """File and content of a folder's local states, by workspace, without the empty ones that a migration leaves."""
    files = {"default": folder / "terraform.tfstate",
        **{file.parent.name: file for file in folder.glob("terraform.tfstate.d/*/terraform.tfstate")}}
    states = {workspace: (file, json.loads(file.read_text() or "{}"))
        for workspace, file in files.items() if file.exists()}
    return {workspace: found for workspace, found in states.items() if found[1].get("resources")}
