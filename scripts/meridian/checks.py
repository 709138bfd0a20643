"""What a machine and an account must have before anything is deployed."""

import dataclasses
import glob
import os
import pathlib
import re
import shutil
import subprocess

from meridian.console import Problem, say


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
    """Title and function of each check; a function returns what it saw or raises Problem."""
    for tool in (TERRAFORM, CURL, *stack.provider.TOOLS):
        yield tool.name, tool.check
    if not os.environ.get("IMAGE"):
        yield "Java", java
    yield from stack.provider.checks(stack)


def java():
    """Version of the JDK 25 that the build finds."""
    return f"JDK {re.search(r'JAVA_VERSION=.([0-9.]+)', (jdk() / 'release').read_text())[1]}"


def jdk():
    """Folder of a JDK 25, looked for where Maven's toolchains look: on more paths than `java`."""
    home = pathlib.Path.home()
    homes = [pathlib.Path(value) for name, value in os.environ.items() if re.fullmatch(r"JAVA(25)?_HOME", name)]
    if shutil.which("java"):
        homes.append(pathlib.Path(shutil.which("java")).resolve().parents[1])
    for pattern in ("/usr/lib/jvm/*", "/opt/*", "/Library/Java/JavaVirtualMachines/*/Contents/Home"):
        homes += [pathlib.Path(path) for path in glob.glob(pattern)]
    for pattern in (".sdkman/candidates/java/*", ".jdks/*", ".local/share/mise/installs/java/*", ".asdf/installs/java/*"):
        homes += home.glob(pattern)
    for folder in homes:
        release = folder / "release"
        if (folder / "bin/javac").exists() and release.is_file() and 'JAVA_VERSION="25' in release.read_text():
            return folder
    raise Problem(
        "JDK 25 is missing: the image is built with it.",
        "Install it: https://adoptium.net/temurin/releases/?version=25. Or deploy an image that exists: IMAGE=REPOSITORY@sha256:…",
    )


def examine(stack):
    """Runs every check, tells each result, and returns how many failed."""
    failed = 0
    for title, check in checks(stack):
        try:
            say(f"ok       {check()}")
        except Problem as problem:
            failed += 1
            say(f"missing  {problem.what}", f"         {problem.how}")
    return failed
