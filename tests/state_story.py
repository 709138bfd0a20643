"""What a state must live through, told of each backend: applied locally, moved, locked, unlocked."""

import json
import os
import re
import signal
import subprocess
import sys
import time

# In the place of a stack, so that a story takes seconds: one resource, which waits while a file is there.
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


class Story:
    """Of a clone's folder stacks/CLOUD, with the environment that reaches the emulator."""

    def __init__(self, root, cloud, environment):
        self.root = root
        self.cloud = cloud
        self.stack = root / "stacks" / cloud
        self.environment = environment
        self.children = []

    def in_small(self):
        """Puts the small stack in place of the real one, applied with local state in two workspaces."""
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
        done = subprocess.run(
            ["terraform", f"-chdir={folder or self.stack}", *arguments],
            env=self.environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert not check or done.returncode == 0, f"terraform {' '.join(arguments)}:\n{done.stdout}"
        return done

    def bootstrap(self, *arguments, check=True, root=None):
        done = subprocess.run(
            [sys.executable, (root or self.root) / "scripts/bootstrap", self.cloud, *arguments],
            env=self.environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert not check or done.returncode == 0, f"bootstrap:\n{done.stdout}"
        return done

    def notes(self):
        """The outputs of both workspaces, as a colleague sees them who has the sources and nothing else."""
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
        """Two writers at once; the first is then killed, and its lock taken away by hand."""
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
        refused = self.terraform("apply", "-auto-approve", "-var=note=third", "-no-color", check=False, folder=colleague)
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
