"""What a state must survive, the same for each backend: applied locally, moved, locked, unlocked."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

from support.machine import ROOT, ran

# Replaces a stack, so that a scenario takes seconds: one resource, which waits while a file exists.
STACK = """
variable "note" { default = "first" }
resource "terraform_data" "this" {
  input            = var.note
  triggers_replace = var.note
  provisioner "local-exec" {
    command = "while [ -e slow ]; do touch waiting; sleep 0.1; done"
  }
}
output "note" { value = terraform_data.this.output }
"""


# Precedes the real terraform in PATH: kills its caller once, before or after a chosen command.
CUT = """#!/bin/sh
cut={cut}
if [ -e $cut ]; then
  read -r when words < $cut
  case "$*" in
    *$words*)
      rm $cut
      [ $when = before ] || {terraform} "$@"
      kill -9 $PPID
      exit 1
  esac
fi
exec {terraform} "$@"
"""


class Scenario:
    """Runs in a clone's folder stacks/CLOUD, with an environment that reaches the emulator."""

    def __init__(self, root, cloud, environment):
        self.root = root
        self.cloud = cloud
        self.stack = root / "stacks" / cloud
        self.environment = environment
        self.cut = root / "cut"
        tools = root / "cutting"
        tools.mkdir(parents=True)
        terraform = tools / "terraform"
        terraform.write_text(CUT.format(cut=self.cut, terraform=shutil.which("terraform", path=environment["PATH"])))
        terraform.chmod(0o755)
        self.cutting = {**environment, "PATH": f"{tools}:{environment['PATH']}"}

    def in_small(self):
        """Put the small stack in place of the real one, and apply it with local state in two workspaces."""
        for file in [*self.stack.glob("*.tf"), *self.stack.glob("*.tfvars"), *self.stack.glob(".terraform.lock.hcl")]:
            file.unlink()
        (self.stack / "main.tf").write_text(STACK)
        (self.stack / "variables.tf").write_text('variable "repository_url" { default = null }\n')
        self.terraform("init", "-input=false")
        self.terraform("apply", "-auto-approve")
        self.terraform("workspace", "new", "staging")
        self.terraform("apply", "-auto-approve", "-var=note=of staging")
        self.terraform("workspace", "select", "default")

    def terraform(self, *arguments, check=True, folder=None):
        return ran("terraform", f"-chdir={folder or self.stack}", *arguments, env=self.environment,
            codes=(0,) if check else None)

    def bootstrap(self, *arguments, check=True, root=None):
        return ran(sys.executable, (root or self.root) / "scripts/meridian", *self.command(*arguments),
            env=self.cutting, codes=(0,) if check else None)

    def command(self, *arguments):
        """Arguments for a bootstrap, or for its removal."""
        return ["destroy", f"bootstrap/{self.cloud}",
            "--confirm=meridian"] if arguments == ("remove",) else ["bootstrap", self.cloud]

    def killed(self, when, words, *arguments):
        """Run a bootstrap that is killed before or after it runs a terraform whose arguments contain these words."""
        self.cut.write_text(f"{when} {words}\n")
        done = self.bootstrap(*arguments, check=False)
        assert done.returncode == -signal.SIGKILL and not self.cut.exists(), done.stdout
        return done

    def elsewhere(self):
        """Bootstrap from another clone with its own state: it continues with what exists and overwrites no state that
        `second_writer` wrote."""
        other = self.root.parent / "other"
        shutil.copytree(self.root, other,
            ignore=shutil.ignore_patterns("backend.tf", ".terraform", "*.tfstate*", "colleague", "cutting"))
        theirs = Scenario(other, self.cloud, {**self.environment, "TF_VAR_note": "theirs"})
        theirs.terraform("init", "-input=false")
        theirs.terraform("apply", "-auto-approve")
        refused = theirs.bootstrap(check=False)
        assert refused.returncode == 1 and "continuing with that" in refused.stdout, refused.stdout
        assert "another deployment with the same name" in refused.stdout and "Nothing was moved" in refused.stdout
        assert self.notes() == ["third", "of staging"]
        # An older copy of the stored state, of the same deployment.
        pulled = self.terraform("state", "pull").stdout
        kept = json.loads(pulled[pulled.index("{"):])
        (theirs.stack / "terraform.tfstate").write_text(json.dumps({**kept, "serial": kept["serial"] - 1}))
        refused = theirs.bootstrap(check=False)
        assert refused.returncode == 1 and "already holds a newer version of this state" in refused.stdout
        assert "another deployment" not in refused.stdout and self.notes() == ["third", "of staging"]
        (theirs.stack / "terraform.tfstate").unlink()
        assert "No changes" in theirs.bootstrap().stdout
        assert self.notes() == ["third", "of staging"]

    def end(self):
        """Destroy the stacks, before which the bootstrap cannot be removed; then kill two removals."""
        bootstrap = f"stacks/bootstrap/{self.cloud}"
        refused = self.terraform("destroy", "-auto-approve", folder=self.root / bootstrap, check=False)
        assert "prevent_destroy" in refused.stdout
        stands = self.bootstrap("remove", check=False)
        assert stands.returncode == 1
        assert f"stacks/{self.cloud} (default), stacks/{self.cloud} (staging)" in stands.stdout
        for workspace in ("staging", "default"):
            self.terraform("workspace", "select", workspace)
            self.terraform("destroy", "-auto-approve")
        self.killed("before", f"clone/{bootstrap} init*-migrate-state", "remove")
        self.killed("before", "destroy", "remove")
        assert self.states() == [f"bootstrap/{self.cloud}"]

    def backends(self):
        return sorted(str(file.parent.relative_to(self.root)) for file in (self.root / "stacks").rglob("backend.tf"))

    def states(self):
        """Folders that have a state with resources beside the sources."""
        files = [*(self.root / "stacks").rglob("terraform.tfstate")]
        found = [file for file in files if ".terraform" not in file.parts and "resources" in file.read_text()
            and json.loads(file.read_text())["resources"]]
        return sorted(str(file.parent.relative_to(self.root / "stacks")) for file in found)

    def notes(self):
        """Outputs of both workspaces, as seen by a colleague who has only the sources."""
        colleague = self.root / "colleague"
        if not colleague.exists():
            colleague.mkdir()
            for name in ("main.tf", "backend.tf"):
                (colleague / name).write_text((self.stack / name).read_text())
            self.terraform("init", "-input=false", folder=colleague)
        notes = []
        for workspace in ("default", "staging"):
            self.terraform("workspace", "select", workspace, folder=colleague)
            notes.append(json.loads(self.terraform("output", "-json", folder=colleague).stdout)["note"]["value"])
        self.terraform("workspace", "select", "default", folder=colleague)
        return notes

    def second_writer(self):
        """Let two writers compete; then kill the first and remove its lock by hand."""
        (self.stack / "slow").touch()
        first = subprocess.Popen(
            ["terraform", f"-chdir={self.stack}", "apply", "-auto-approve", "-var=note=second"],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        end = time.monotonic() + 60
        while not (self.stack / "waiting").exists():
            assert first.poll() is None and time.monotonic() < end
            time.sleep(0.1)
        colleague = self.root / "colleague"
        refused = self.terraform("apply", "-auto-approve", "-var=note=third", "-no-color", check=False,
            folder=colleague)
        assert refused.returncode != 0 and "Error acquiring the state lock" in refused.stdout, refused.stdout
        assert re.search(r"Who:\s+\S+@\S+", refused.stdout), refused.stdout
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
        (self.stack / "slow").unlink()

        still = self.terraform("apply", "-auto-approve", "-no-color", check=False, folder=colleague)
        assert "Error acquiring the state lock" in still.stdout, still.stdout
        lock = re.search(r"Lock Info:[\s│]*ID:\s+(\S+)", still.stdout)[1]
        self.terraform("force-unlock", "-force", lock, folder=colleague)
        self.terraform("apply", "-auto-approve", "-var=note=third", folder=colleague)
        assert self.notes() == ["third", "of staging"]

    def restored(self, versions):
        """Follow the guide to restore the version whose note is `first`; then apply `third` again."""
        [older, *_] = [each for each in versions
            if json.loads(each)["outputs"].get("note", {}).get("value") == "first"]
        (self.root / "old.tfstate").write_text(older)
        steps = re.search(r"put it in its place:\n\n```sh\n(.*?)```", (ROOT / "stacks/bootstrap/README.md").read_text(),
            re.S)[1]
        done = subprocess.run(["bash", "-e", "-c", steps.replace("CLOUD", self.cloud)], cwd=self.root, text=True,
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0, done.stdout
        assert self.notes() == ["first", "of staging"]
        self.terraform("apply", "-auto-approve", "-var=note=third", folder=self.root / "colleague")
        assert self.notes() == ["third", "of staging"]
