"""What some tests need on a machine, and how to skip them without it; copies of the repository; running programs."""

import functools
import os
import pathlib
import re
import shutil
import subprocess
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"


# Not copied: files that tools leave behind, tests, and what belongs to this clone only.
EXCLUDED = shutil.ignore_patterns(".terraform*", "*.tfstate*", "backend.tf", "tests", "__pycache__")


def without(path):
    """Whether the owner of this copy deleted a path as stacks/OWN-SERVICE.md says."""
    guide = (ROOT / "stacks/OWN-SERVICE.md").read_text()
    deleted = " ".join(re.findall(r"`rm -rf ([^`]+)`", guide)).split()
    return any(path.is_relative_to(ROOT / part) and not (ROOT / part).exists() for part in deleted)


def copy(folder, *paths):
    """Copy parts of the repository into a folder, where they may be changed."""
    for path in paths:
        if without(ROOT / path):
            continue
        if (ROOT / path).is_dir():
            shutil.copytree(ROOT / path, folder / path, ignore=EXCLUDED)
        else:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, folder / path)


def tracked(*patterns):
    """Names of the existing files that Git tracks or does not ignore."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.split("\0")
    return [name for name in listed if name and (ROOT / name).is_file()]


def cloned(folder, *patterns, source=ROOT):
    """Copy these files, as a clone has them; source: another clone to copy from."""
    for name in tracked(*patterns):
        if (source / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / name, folder / name)
    return folder


# Variables of the machine's owner that would affect tests: logins, projects, pipelines, Terraform's settings.
OWNED = ("ARM_", "AWS_", "AZURE_", "CIRCLE", "CLOUDSDK_", "COSIGN_", "GCP_", "GITHUB_", "GOOGLE_", "IMAGE", "TF_")


def clean(*also, **more):
    """Environment for a program: this machine's without its owner's variables, with `more` except None values."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith((*OWNED, *also))}
    return {name: value for name, value in {**kept, **more}.items() if value is not None}


def ran(*command, codes=(0,), **options):
    """Run a program to its end, with stderr in stdout; an exit code not in codes fails the test. None allows any."""
    done = subprocess.run([str(word) for word in command], text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, **options)
    assert codes is None or done.returncode in codes, f"{' '.join(map(str, command))}:\n{done.stdout}"
    return done


def _docker():
    return shutil.which("docker") and subprocess.run(
        ["docker", "info"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ).returncode == 0


def _provider(name):
    """Return a check for the provider in a plugin folder of this machine or in Terraform's registry."""

    def present():
        if not shutil.which("terraform"):
            return False
        home = pathlib.Path.home()
        for folder in (
            home / ".terraform.d/plugins",
            home / ".local/share/terraform/plugins",
            pathlib.Path("/usr/local/share/terraform/plugins"),
            pathlib.Path("/usr/share/terraform/plugins"),
        ):
            if any((folder / "registry.terraform.io/hashicorp" / name).glob("*/*_*/terraform-provider-*")):
                return True
        return _registry()

    return present


@functools.cache
def _registry():
    try:
        urllib.request.urlopen("https://registry.terraform.io/.well-known/terraform.json", timeout=5).close()
        return True
    except OSError:
        return False


def _built(tool):
    return lambda: any((CACHE / "go").glob(f"v*/{tool}"))


# What a test may need: how to check for it, and how to get it.
NEEDS = {
    "app": (lambda: (ROOT / "app").exists(), "this copy does without app/"),
    "docker": (_docker, "a running Docker engine; Debian: apt-get install docker.io, then dockerd"),
    "npm": (lambda: shutil.which("npm"), "Node.js with npm, for Azurite"),
    "go": (lambda: shutil.which("go"), "Go, for the emulator of Cloud Storage"),
    "cosign": (_built("cosign"), "Go, and scripts/tool cosign, which builds it in some 5 minutes"),
    "osv-scanner": (_built("osv-scanner"), "Go, and scripts/tool osv-scanner, which builds it in some 5 minutes"),
    "postgres": (lambda: any(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        "PostgreSQL's server; Debian: apt-get install postgresql"),
    "nginx": (lambda: shutil.which("nginx"), "Debian: apt-get install nginx"),
    "haproxy": (lambda: shutil.which("haproxy"), "Debian: apt-get install haproxy"),
    "promtool": (lambda: shutil.which("promtool"),
        "https://prometheus.io/download; Debian: apt-get install prometheus"),
    "wrk": (lambda: shutil.which("wrk"), "Debian: apt-get install wrk"),
    "docker-registry": (
        lambda: shutil.which("docker-registry"),
        "Debian: apt-get install docker-registry",
    ),
    "skopeo": (lambda: shutil.which("skopeo"), "https://github.com/containers/skopeo; Debian: apt-get install skopeo"),
    "shellcheck": (lambda: shutil.which("shellcheck"),
        "https://www.shellcheck.net; Debian: apt-get install shellcheck"),
    "mmdebstrap": (lambda: shutil.which("mmdebstrap"), "Debian: apt-get install mmdebstrap"),
    "chromium": (lambda: shutil.which("chromium"), "Debian: apt-get install chromium"),
    "root": (lambda: os.geteuid() == 0, "root: sudo -E"),
    "jdk": (
        lambda: shutil.which("javac"),
        "a JDK, 17 or newer: https://adoptium.net; Debian: apt-get install default-jdk-headless",
    ),
    "tflint": (
        lambda: shutil.which("tflint") or (pathlib.Path.home() / "go/bin/tflint").exists(),
        "https://github.com/terraform-linters/tflint, or go install github.com/terraform-linters/tflint@v0.64.0",
    ),
    "terraform": (lambda: shutil.which("terraform"), "https://developer.hashicorp.com/terraform/install"),
    "aws-cli": (
        lambda: shutil.which("aws"),
        "the AWS CLI: https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html, or pip install "
        "awscli",
    ),
    "aws": (_provider("aws"), "the Terraform provider aws: its registry, or a plugin folder"),
    "azurerm": (
        _provider("azurerm"),
        "the Terraform provider azurerm: its registry, or tests/provider-azurerm, which builds it in some 8 minutes",
    ),
    "google": (
        _provider("google"),
        "the Terraform provider google: its registry; or v7.45.0 of github.com/hashicorp/terraform-provider-google, "
        "built by go build -o"
        " ~/.terraform.d/plugins/registry.terraform.io/hashicorp/google/7.45.0/linux_amd64"
        "/terraform-provider-google_v7.45.0_x5",
    ),
}


def need(name):
    """Skip the calling test if the machine lacks this; fail it instead if REQUIRE names this."""
    present, how = NEEDS[name]
    if present():
        return
    required = os.environ.get("REQUIRE", "").replace(",", " ").split()
    (pytest.fail if name in required else pytest.skip)(f"{name} is missing: {how}")
