"""modules/image/push and login: requests to the registry, builds, and where secrets go."""

import base64
import json
import os
import shutil
import stat
import subprocess
import urllib.parse

import pytest
from support.fronts import Front, reply
from support.machine import ROOT, clean

DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64
SECRET = 'p"s\\s'


class Registry(Front):
    """A fake registry with the tag `there`; requires a token, or fails, if `wants` says so."""

    def __init__(self):
        self.asked, self.wants = [], None
        super().__init__(self.respond)

    def respond(self, request):
        who = request.headers.get("Authorization", "")
        self.asked.append((request.path, who))
        if request.method == "GET":
            return reply({"token": "granted"})
        if self.wants == "token" and who != "Bearer granted":
            return reply(status=401, WWW_Authenticate=f'Bearer realm="{self.url}/token",service="registry"')
        if self.wants == "failure":
            return reply(status=500)
        return reply(Docker_Content_Digest=DIGEST) if request.path.endswith("/manifests/there") else reply(status=404)


@pytest.fixture
def registry():
    with Registry() as registry:
        yield registry


class Shell:
    """Runs the scripts with stubs first on the PATH; the stub of Maven records its input."""

    def __init__(self, folder):
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.app = folder / "app"
        (self.app / "target").mkdir(parents=True)
        self.built = folder / "built"
        self.builds(OTHER)

    def stub(self, name, script):
        path = self.bin / name
        path.write_text(f"#!/usr/bin/env bash\n{script}\n")
        path.chmod(0o755)

    def builds(self, digest):
        self.stub(
            "mvn",
            f'printf "%s\\n" "$@" >{self.built}\n'
            f'printf "%s" "$BASE" >{self.folder}/base\n'
            f'if [[ -n ${{DOCKER_CONFIG:-}} ]]; then cp "$DOCKER_CONFIG/config.json" {self.folder}/config.json; fi\n'
            f'printf "%s" "{digest}" >{self.app}/target/jib-image.digest',
        )

    def run(self, script, *arguments, **environment):
        given = {"PATH": f"{self.bin}:{os.environ['PATH']}", "TMPDIR": str(self.temporary), **environment}
        return subprocess.run(
            [ROOT / "modules/image" / script, *arguments],
            env=clean("REGISTRY_", "DOCKER_", "BASE", **given),
            text=True,
            capture_output=True,
        )

    def push(self, image, **environment):
        return self.run("push", IMAGE=image, APP=str(self.app), **environment)


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path)


def test_a_push_builds_and_prints_and_saves_the_digest(shell, registry):
    file = shell.folder / "pushed/digest"
    done = shell.push(f"{registry.host}/meridian:there", DIGEST_FILE=str(file), BASE="tar:///base.tar")
    assert (done.returncode, done.stdout) == (0, f"{OTHER}\n"), done.stderr
    assert file.read_text() == f"{OTHER}\n"
    arguments = shell.built.read_text().split()
    assert f"-Dimage={registry.host}/meridian:there" in arguments
    assert (shell.folder / "base").read_text() == "tar:///base.tar"
    # Allowed for registries on this machine only.
    assert "-Djib.allowInsecureRegistries=true" in arguments
    assert registry.asked == []


@pytest.mark.parametrize("wants", [None, "token"])
def test_once_uses_the_digest_of_an_existing_tag(shell, registry, wants):
    registry.wants = wants
    done = shell.push(f"{registry.host}/meridian:there", ONCE="yes", REGISTRY_USERNAME="me", REGISTRY_PASSWORD=SECRET)
    assert (done.returncode, done.stdout) == (0, f"{DIGEST}\n"), done.stderr
    assert not shell.built.exists()
    basic = "Basic " + base64.b64encode(f"me:{SECRET}".encode()).decode()
    assert registry.asked[0] == ("/v2/meridian/manifests/there", basic)
    if wants:
        assert urllib.parse.unquote(registry.asked[1][0]) == "/token?service=registry&scope=repository:meridian:pull"
        assert registry.asked[1][1] == basic and registry.asked[2][1] == "Bearer granted"


@pytest.mark.parametrize("wants", [None, "token"])
def test_the_sed_of_macos_works(shell, registry, wants):
    """It has no flag I: https://github.com/hashivim/vim-terraform/issues/95."""
    shell.stub(
        "sed",
        'for word in "$@"; do\n'
        '  if [[ $word =~ /[gp0-9]*I[gpI0-9]*$ ]]; then echo "sed: 1: bad flag in substitute command: \'I\'" >&2; '
        'exit 1; fi\n'
        "done\n"
        f'exec {shutil.which("sed")} "$@"',
    )
    registry.wants = wants
    done = shell.push(f"{registry.host}/meridian:there", ONCE="yes", REGISTRY_USERNAME="me", REGISTRY_PASSWORD=SECRET)
    assert (done.returncode, done.stdout) == (0, f"{DIGEST}\n"), done.stderr
    assert "sed:" not in done.stderr and not shell.built.exists()


@pytest.mark.parametrize("tag, wants", [("new", None), ("there", "failure")])
def test_once_builds_a_tag_that_is_missing_or_cannot_be_checked(shell, registry, tag, wants):
    registry.wants = wants
    done = shell.push(f"{registry.host}/meridian:{tag}", ONCE="yes")
    assert (done.returncode, done.stdout) == (0, f"{OTHER}\n"), done.stderr
    assert ("answered 500" in done.stderr) == bool(wants)


def test_secrets_are_in_a_separate_file_that_is_deleted(shell, registry):
    done = shell.push(f"{registry.host}/meridian:new", REGISTRY_USERNAME="me", REGISTRY_PASSWORD=SECRET)
    assert done.returncode == 0
    auth = json.loads((shell.folder / "config.json").read_text())["auths"][registry.host]["auth"]
    assert base64.b64decode(auth).decode() == f"me:{SECRET}"
    assert SECRET not in done.stdout + done.stderr + shell.built.read_text()
    assert list(shell.temporary.iterdir()) == []


@pytest.mark.parametrize("image",
    ["meridian", "localhost:5000/meridian", "http://localhost/meridian:1", "localhost:5000/Meridian:1"])
def test_an_invalid_image_reference_is_refused(shell, image):
    done = shell.push(image)
    assert done.returncode == 64 and "IMAGE must be HOST/PATH:TAG" in done.stderr and not shell.built.exists()


def test_a_build_without_a_digest_fails_and_saves_nothing(shell, registry):
    shell.builds("")
    file = shell.folder / "digest"
    done = shell.push(f"{registry.host}/meridian:new", DIGEST_FILE=str(file))
    assert done.returncode == 1 and "returned no digest" in done.stderr and not file.exists()


LOGINS = [
    ("123456789012.dkr.ecr.eu-central-1.amazonaws.com", "aws", "AWS", "ecr get-login-password --region eu-central-1"),
    ("europe-docker.pkg.dev", "gcloud", "oauth2accesstoken", "auth print-access-token"),
    ("gcr.io", "gcloud", "oauth2accesstoken", "auth print-access-token"),
    ("meridian1.azurecr.io", "az", "00000000-0000-0000-0000-000000000000",
        "acr login --name meridian1 --expose-token --query accessToken --output tsv"),
    ("meridian1-f9b2h3a7c4d6e8x0.azurecr.io", "az", "00000000-0000-0000-0000-000000000000",
        "acr login --name meridian1 --expose-token --query accessToken --output tsv"),
]


@pytest.mark.parametrize("host, tool, user, arguments", LOGINS)
def test_each_clouds_own_tool_logs_in_to_its_registry(shell, host, tool, user, arguments):
    shell.stub(tool, f'echo "$*" >{shell.folder}/asked\necho token')
    out = shell.folder / "out"
    out.mkdir()
    done = shell.run("login", host, str(out))
    assert done.returncode == 0, done.stderr
    assert (shell.folder / "asked").read_text().strip() == arguments
    auth = json.loads((out / "config.json").read_text())["auths"][host]["auth"]
    assert base64.b64decode(auth).decode() == f"{user}:token"
    for name in ("config.json", "curl"):
        assert stat.S_IMODE((out / name).stat().st_mode) == 0o600
    assert "token" not in done.stdout + done.stderr


def test_a_token_in_the_environment_needs_no_gcloud(shell):
    out = shell.folder / "out"
    out.mkdir()
    assert shell.run("login", "europe-docker.pkg.dev", str(out), GOOGLE_OAUTH_ACCESS_TOKEN="granted").returncode == 0
    assert "granted" in (out / "curl").read_text()


def test_amazons_credential_helper_works_too(shell):
    shell.stub("docker-credential-ecr-login", "cat >/dev/null\necho '{\"Username\":\"AWS\",\"Secret\":\"helped\"}'")
    out = shell.folder / "out"
    out.mkdir()
    assert shell.run("login", LOGINS[0][0], str(out)).returncode == 0
    assert "AWS:helped" in (out / "curl").read_text()


@pytest.mark.parametrize("host, tool", [(host, tool) for host, tool, *_ in LOGINS])
def test_a_missing_tool_is_named_with_its_source(shell, host, tool):
    for name in ("bash", "env", "mktemp", "base64", "tr", "sed"):
        (shell.bin / name).symlink_to(shutil.which(name))
    out = shell.folder / "out"
    out.mkdir()
    done = shell.run("login", host, str(out), PATH=str(shell.bin))
    assert done.returncode == 1 and f"The login to {host} needs {tool}: https://" in done.stderr


def test_a_user_without_a_password_is_refused(shell):
    out = shell.folder / "out"
    out.mkdir()
    done = shell.run("login", "example.com", str(out), REGISTRY_USERNAME="me")
    assert done.returncode == 1 and "REGISTRY_PASSWORD must be" in done.stderr


def test_an_empty_password_is_refused(shell):
    shell.stub("aws", "true")
    out = shell.folder / "out"
    out.mkdir()
    done = shell.run("login", LOGINS[0][0], str(out))
    assert done.returncode == 1 and "returned no password" in done.stderr
