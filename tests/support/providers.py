"""Terraform's providers, each started once and shared by many runs of Terraform."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import time

from support.machine import ROOT, need, ran
from support.service import alone

START = 60  # seconds

# Every module and stack.
FOLDERS = sorted(
    str(file.parent.relative_to(ROOT))
    for top in ("modules", "stacks")
    for file in (ROOT / top).rglob("versions.tf")
    if ".terraform" not in file.parts
)

# Cloud to the provider that its modules use.
PROVIDERS = {"aws": "aws", "azure": "azurerm", "gcp": "google"}

# The option that makes a provider serve many runs, where it is not -debug.
DEBUG = {"azurerm": "-debuggable"}


def provider(folder):
    """Provider of a module or stack; None for modules/image."""
    return next((PROVIDERS[part] for part in folder.split("/") if part in PROVIDERS), None)


class Providers:
    """Context manager; attach() returns the value for TF_REATTACH_PROVIDERS.

    Each start of a provider by Terraform itself takes a second or two of CPU, and `terraform test` starts it twice a
    run. https://developer.hashicorp.com/terraform/plugin/debugging
    """

    def __init__(self, folder, environment=None):
        """environment: what the providers see; the tests' own by default."""
        self.folder, self.environment = pathlib.Path(folder), environment
        self.running = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process, _ in self.running.values():
            process.kill()
            process.wait()

    def attach(self, name, wanted_by):
        """Start a hashicorp provider in the version that a folder's versions.tf (and lock file) select."""
        if name not in self.running:
            self.running[name] = self._start(name, pathlib.Path(wanted_by))
        return self.running[name][1]

    def terraform(self, top, folder, *arguments, codes=(0,), **environment):
        """Run Terraform in a module or stack of a copy, without the waits that only a real cloud needs."""
        given = {**os.environ, "CHECKPOINT_DISABLE": "1", "GOOGLE_APIS_WAIT": "0", "SPREAD": "0", **environment}
        if name := provider(folder):
            need(name)
            given["TF_REATTACH_PROVIDERS"] = self.attach(name, ROOT / folder)
        return ran("terraform", f"-chdir={top / folder}", *arguments, env=given, codes=codes)

    def plans(self, top, cloud, runs, **environment):
        """Pass `run` blocks to `terraform test` on a copy of a cloud's stack, with the mocks of its unit tests."""
        stack = f"stacks/{cloud}"
        unit = (ROOT / stack / "tests/unit.tftest.hcl").read_text()
        mocks = re.findall(r"^(?:mock_provider|override_\w+) .*?^}\n", unit, re.S | re.M)
        (top / stack / "tried").mkdir()
        (top / stack / "tried/plan.tftest.hcl").write_text("\n".join([*mocks, *runs]))
        self.terraform(top, stack, "init", "-backend=false", "-input=false")
        said = self.terraform(top, stack, "test", "-no-color", "-test-directory=tried", **environment).stdout
        assert f"{len(runs)} passed, 0 failed" in said

    def _start(self, name, wanted_by):
        binary = self.binary(name, wanted_by)
        log = self.folder / f"{name}.log"
        with open(log, "w") as output:
            process = subprocess.Popen(
                [binary, DEBUG.get(name, "-debug")], env=self.environment, stdout=output, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL
            )
        end = time.monotonic() + START
        while time.monotonic() < end and process.poll() is None:
            if found := re.search(r"TF_REATTACH_PROVIDERS='(.*)'", log.read_text()):
                json.loads(found[1])
                return process, found[1]
            time.sleep(0.2)
        process.kill()
        raise AssertionError(f"{binary} did not start:\n{log.read_text()}")

    def binary(self, name, wanted_by):
        """Path of the provider's program, which Terraform has fetched or found."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copy(wanted_by / "versions.tf", folder)
        cache = ROOT / ".cache/terraform"
        cache.mkdir(parents=True, exist_ok=True)
        environment = {
            **os.environ,
            "TF_PLUGIN_CACHE_DIR": str(cache),
            "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1",
        }
        # The locked version, with which the stack was tested, if the hashes match; a provider built here has others.
        for lock in (wanted_by / ".terraform.lock.hcl", self._lock(name), None):
            if lock and lock.exists():
                shutil.copy(lock, folder / ".terraform.lock.hcl")
            elif lock:
                continue
            else:
                (folder / ".terraform.lock.hcl").unlink(missing_ok=True)
            with alone("terraform"):  # Terraform's plugin cache is not safe for concurrent use.
                done = ran("terraform", f"-chdir={folder}", "init", "-backend=false", "-input=false", env=environment,
                    codes=None)
            if done.returncode == 0:
                return next(
                    (folder / ".terraform/providers").glob(f"*/hashicorp/{name}/*/*/terraform-provider-{name}*"))
        raise AssertionError(done.stdout)

    @staticmethod
    def _lock(name):
        cloud = {"azurerm": "azure", "google": "gcp"}.get(name, name)
        return ROOT / "stacks" / cloud / ".terraform.lock.hcl"
