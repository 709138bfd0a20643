"""Checks of this machine and the account before anything is deployed."""

import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.request

from meridian.console import ROOT, Problem, missing, report, say


@dataclasses.dataclass(frozen=True)
class Tool:
    name: str
    version: tuple  # command that prints the version
    word: str  # pattern of what it prints before the number
    least: str  # oldest supported version
    why: str
    get: str  # download link

    def found(self):
        if not shutil.which(self.name):
            raise missing(self.name, self.why, self.get)

    def check(self):
        self.found()
        try:
            done = subprocess.run(self.version, text=True, capture_output=True, stdin=subprocess.DEVNULL)
        except OSError as error:  # built for another processor, for example
            raise Problem(f"{self.name} cannot be run: {error.strerror}.", f"Install it anew: {self.get}") from None
        # Not standard error: warnings there contain numbers too.
        found = re.search(rf"{self.word}(\d+(\.\d+)*)", done.stdout)
        if "OpenTofu" in done.stdout:
            # OpenTofu reads the stacks' tests with every init, and does not know override_during.
            raise Problem("terraform is OpenTofu, which cannot read these stacks.", f"Install Terraform: {self.get}")
        if not found:
            printed = (done.stdout + done.stderr).strip()
            raise Problem(f"{self.name} does not print its version.", f"`{' '.join(self.version)}` says: {printed}")
        if numbers(found[1]) < numbers(self.least):
            raise Problem(
                f"{self.name} is {found[1]}, but {self.least} or newer is needed.", f"Update it: {self.get}"
            )
        return f"{self.name} {found[1]}"


def numbers(version):
    return tuple(int(part) for part in version.split("."))


TERRAFORM = Tool("terraform", ("terraform", "version"), "Terraform v", "1.11", "it creates everything in the cloud",
    "https://developer.hashicorp.com/terraform/install")
CURL = Tool("curl", ("curl", "--version"), "curl ", "7.60", "it checks which images are in the registry already",
    "https://curl.se/download.html")


def sources():
    """Stop if there is nothing to build."""
    if not (ROOT / "app/pom.xml").exists():
        raise Problem("app/ is missing, so there is nothing to build an image from.",
            "Give the image to deploy: IMAGE=REPOSITORY@sha256:…, or image in terraform.tfvars.")


def built(name):
    """Path of a file that the build creates in app/target; Problem if it is missing."""
    file = ROOT / "app/target" / name
    if not file.exists():
        raise Problem(f"app/target/{name} is missing.", "The build makes it: ./taskw build")
    return file


def jdk():
    """Folder of the JDK 25 that builds app/."""
    sources()
    done = subprocess.run([ROOT / "scripts/jdk"], text=True, capture_output=True)
    if done.returncode:
        raise Problem(
            "JDK 25 is missing: the image is built with it.",
            f"{done.stderr.strip()}. Or deploy an existing image: IMAGE=REPOSITORY@sha256:…",
        )
    return pathlib.Path(done.stdout.strip())


# The smaller probe, which needs only Python.
CLOCK = [sys.executable, str(ROOT / "scripts/meridian/clock.py")]


def prober():
    """Command that probes a service: the probe of app/, or CLOCK if app/ or a JDK is missing or the build fails."""
    try:
        java = jdk() / "bin/java"
    except Problem:
        return CLOCK
    target = ROOT / "app/target"
    compiled = [target / "classpath", target / "classes/meridian/Main.class"]
    inputs = [ROOT / "app/pom.xml", *(ROOT / "app/src/main").rglob("*")]
    since = min(file.stat().st_mtime if file.exists() else 0 for file in compiled)
    # An editor's lock may be a dangling link.
    if since < max(file.stat().st_mtime for file in inputs if file.exists()):
        print("Building app/ for its probe: about a minute the first time.", file=sys.stderr)
        if subprocess.run([ROOT / "app/maven", "--quiet", "process-classes"], stdout=sys.stderr).returncode:
            print("app/ cannot be built; the probe in Python is used instead.", file=sys.stderr)
            return CLOCK
        for file in compiled:
            os.utime(file)
    classes = f"{target / 'classes'}{os.pathsep}{compiled[0].read_text().strip()}"
    return [str(java), "-XX:TieredStopAtLevel=1", "-cp", classes, "meridian.Main", "probe"]


def java():
    return f"JDK {re.search(r'JAVA_VERSION=.([0-9.]+)', (jdk() / 'release').read_text())[1]}"


def examine(stack, builds, deploys=True, image=None):
    """Run every check, print each result once, and return how many failed.

    builds: whether an image is built; deploys: whether to check more than the sign-in; image: an additional check
    """
    for note in notes():
        say(f"note     {note}")
    tools = [tool.check for tool in (TERRAFORM, CURL, stack.cloud.tool)]
    failed = report([*tools, image] if image else tools, "missing")
    if not all(shutil.which(tool.name) for tool in (TERRAFORM, stack.cloud.tool)):
        return failed  # The account cannot be queried without them.
    account = stack.cloud.checks(stack, builds) if deploys else [lambda: stack.cloud.identity(stack)]
    return failed + report([stack.itself, *account], "missing")


def ready(stack, builds, deploys=True):
    """Stop before anything is changed if something is missing."""
    if examine(stack, builds, deploys):
        raise Problem("Something is missing, see above.", "Nothing was changed. Fix it and repeat the command.")


def refuse_arguments():
    """Stop if TF_CLI_ARGS would silently change what is deployed or removed."""
    for name, value in os.environ.items():
        changes = re.search(r"-(var|destroy|target|replace|state|chdir|refresh-only)\b", value)
        if name.startswith("TF_CLI_ARGS") and changes:
            raise Problem(f'{name} is "{value}", which changes what is deployed.',
                f"`unset {name}`. Pass the option after -- instead; deploy and canary do not take -destroy.")


def notes():
    """Yield a sentence for each environment variable that changes what a command does."""
    for name, value in sorted(os.environ.items()):
        if name.startswith("TF_CLI_ARGS"):
            yield f'{name} is "{value}": Terraform adds it to its commands.'
        elif name in ("TF_WORKSPACE", "TF_DATA_DIR"):
            yield f"{name} is ignored: ENV chooses the workspace, and each stack has its own .terraform."
        elif name in ("AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "ARM_ENVIRONMENT", "TF_LOG", "TF_CLI_CONFIG_FILE") and value:
            missing_file = name == "TF_CLI_CONFIG_FILE" and not os.path.exists(value)
            yield (f'{name} is "{value}"{", which does not exist" if missing_file else ""}. '
                "It changes how Terraform or the cloud's CLI behaves.")
        elif name in ("GOOGLE_CREDENTIALS", "GOOGLE_CLOUD_KEYFILE_JSON", "GCLOUD_KEYFILE_JSON") and value:
            yield f"{name} is set: Terraform logs in with it, but the other steps of a command do not."
    if proxy():
        yield proxy()


def proxy(host=""):
    """A sentence if this machine reaches a host through a proxy, else None."""
    found = urllib.request.getproxies()
    chosen = found.get("https") or found.get("http")
    if chosen and not (host and urllib.request.proxy_bypass(host)):
        return (
            f"A proxy is set, {shown(chosen)}: Terraform and the cloud's tools use it;"
            " verify, canary and probe connect directly."
        )
    return None


def shown(url):
    """The URL without user name and password."""
    return re.sub(r"//[^/@]*@", "//…@", url)
