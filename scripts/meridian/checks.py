"""What a machine and an account must have before anything is deployed."""

import dataclasses
import os
import pathlib
import re
import shutil
import subprocess

from meridian.console import Problem, say

ROOT = pathlib.Path(__file__).resolve().parents[2]


@dataclasses.dataclass(frozen=True)
class Tool:
    name: str
    version: tuple  # command whose output holds the version
    least: str  # oldest that will do
    why: str
    get: str  # link

    def check(self):
        if not shutil.which(self.name):
            raise Problem(f"{self.name} is missing: {self.why}.", f"Install it: {self.get}")
        output = subprocess.run(
            self.version, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        ).stdout
        found = re.search(r"(\d+)(\.\d+)*", output)
        if not found:
            raise Problem(f"{self.name} does not tell its version.", f"`{' '.join(self.version)}` says: {output.strip()}")
        if numbers(found[0]) < numbers(self.least):
            raise Problem(
                f"{self.name} is {found[0]}, but {self.least} or newer is needed: {self.why}.", f"Update it: {self.get}"
            )
        return f"{self.name} {found[0]}"


def numbers(version):
    return tuple(int(part) for part in version.split("."))


TERRAFORM = Tool(
    "terraform",
    ("terraform", "version"),
    "1.11",
    "it makes everything in the cloud",
    "https://developer.hashicorp.com/terraform/install",
)
CURL = Tool("curl", ("curl", "--version"), "7.60", "it asks the registry what it has", "https://curl.se/download.html")


def checks(stack):
    """Name and function of each check; a function returns what it saw or raises Problem."""
    for tool in (TERRAFORM, CURL, *stack.provider.TOOLS):
        yield tool.name, tool.check
    if not os.environ.get("IMAGE"):
        yield "Java", java
    yield from stack.provider.checks(stack)


def jdk():
    """Folder of the JDK 25 that builds the image."""
    done = subprocess.run([ROOT / "scripts/jdk"], text=True, capture_output=True)
    if done.returncode:
        raise Problem("JDK 25 is missing: the image is built with it.", f"{done.stderr.strip()}. Or deploy an image that exists: IMAGE=REPOSITORY@sha256:…")
    return pathlib.Path(done.stdout.strip())


def java():
    return f"JDK {re.search(r'JAVA_VERSION=.([0-9.]+)', (jdk() / 'release').read_text())[1]}"


def examine(stack):
    """Runs every check, tells each result once, and returns how many failed."""
    told = set()
    for _, check in checks(stack):
        try:
            say(f"ok       {check()}")
        except Problem as problem:
            # Without credentials every question to the cloud fails alike.
            if problem.what not in told:
                told.add(problem.what)
                say(f"missing  {problem.what}", f"         {problem.how}")
    return len(told)
