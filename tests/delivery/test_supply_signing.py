"""Signatures: created and verified by the pipelines' cosign, in a real registry, with keys and without."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
from support.emulators import docker_registry, push
from support.machine import ROOT, ran
from support.service import alone


pytestmark = [pytest.mark.check, pytest.mark.needs("docker-registry", "skopeo", "cosign")]

MAIN = "someone/meridian/.github/workflows/main.yml@refs/heads/main"


@pytest.fixture(scope="module")
def cosign():
    with alone("cosign"):
        return pathlib.Path(subprocess.check_output([ROOT / "scripts/tool", "cosign"], text=True).strip())


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    """Start registries: open ones, or with more settings."""
    emulators = []

    def start(more=None):
        folder = tmp_path_factory.mktemp("registry")
        emulators.append(docker_registry(folder))
        if more:
            emulators[-1].stop()
            with (folder / "registry.yml").open("a") as file:
                file.write(more)
            emulators[-1].start()
        return f"127.0.0.1:{emulators[-1].port}"

    yield start
    for emulator in emulators:
        emulator.stop()


@pytest.fixture(scope="module")
def open_registry(started):
    return started()


@pytest.fixture
def image(open_registry, tmp_path):
    """An image of this test only, by digest."""
    return push(tmp_path / "image", open_registry, str(tmp_path))


@pytest.fixture
def call(cosign, tmp_path):
    """Run a script as a job does: without this machine's logins, and with no Sigstore but the given one."""

    def call(script, *arguments, code=0, **environment):
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
        done = ran(sys.executable, ROOT / "scripts/meridian", script, arguments[0],
            *(["--", *arguments[1:]] if arguments[1:] else []), codes=None,
            env={**kept, "PATH": f"{cosign.parent}:{kept['PATH']}", "HOME": str(tmp_path),
                "COSIGN_PASSWORD": "of the key", **environment})
        assert (done.returncode == 0) == (code == 0), done.stdout
        return done.stdout

    return call


@pytest.fixture
def keys(cosign, tmp_path):
    """Create pairs of keys; return the files of the private and the public one."""

    def make(name):
        folder = tmp_path / name
        folder.mkdir()
        subprocess.run([cosign, "generate-key-pair"], cwd=folder, env={**os.environ, "COSIGN_PASSWORD": "of the key"},
            check=True, capture_output=True)
        return str(folder / "cosign.key"), str(folder / "cosign.pub")

    return make


def test_a_signature_by_a_key_is_accepted(call, keys, image):
    private, public = keys("ours")
    assert "WARNING" not in call("sign", image, COSIGN_KEY=private)
    assert image.partition("@")[2] in call("verify-signature", image, COSIGN_KEY=public)


def test_the_signature_of_another_key_is_refused(call, keys, image):
    (private, _), (_, public) = keys("theirs"), keys("ours")
    call("sign", image, COSIGN_KEY=private)
    assert "could not verify envelope" in call("verify-signature", image, code=1, COSIGN_KEY=public)


def test_another_image_under_a_signed_name_is_unsigned(call, keys, image, open_registry, tmp_path):
    private, public = keys("ours")
    call("sign", image, COSIGN_KEY=private)
    other = push(tmp_path / "other", open_registry, "tampered with")
    assert "no signatures found" in call("verify-signature", other, code=1, COSIGN_KEY=public)


def test_a_signature_copied_to_another_image_is_refused(call, keys, image, open_registry, tmp_path):
    """The registry keeps a signature under the digest of the signed image; whoever may write can copy it."""
    private, public = keys("ours")
    call("sign", image, COSIGN_KEY=private)
    other = push(tmp_path / "other", open_registry, "tampered with")
    repository = image.partition("@")[0]
    tags = [f"docker://{repository}:{each.partition('@')[2].replace(':', '-')}" for each in (image, other)]
    subprocess.run(["skopeo", "copy", "--all", "--quiet", "--src-tls-verify=false", "--dest-tls-verify=false", *tags],
        check=True)
    assert "artifact digest does not match" in call("verify-signature", other, code=1, COSIGN_KEY=public)


def test_a_missing_key_and_a_wrong_password_sign_nothing(call, keys, image, tmp_path):
    private, public = keys("ours")
    assert "no such file" in call("sign", image, code=1, COSIGN_KEY=str(tmp_path / "no.key"))
    assert "decrypt" in call("sign", image, code=1, COSIGN_KEY=private, COSIGN_PASSWORD="wrong")
    assert "no signatures found" in call("verify-signature", image, code=1, COSIGN_KEY=public)


def test_a_registry_with_authentication_gets_the_pipelines_login(call, keys, started, image, tmp_path):
    # "pass-of-the-test", hashed by bcrypt.
    (tmp_path / "htpasswd").write_text("me:$2b$04$cWFsNEbu5D11j9/r9qyM6OMXv6axTeZ5CdDjquiCsPu2rwyzKu2Ye\n")
    private_registry = started(f"auth: {{htpasswd: {{realm: test, path: {tmp_path}/htpasswd}}}}\n")
    target = f"{private_registry}/someone/meridian"
    skopeo = ["skopeo", "copy", "--quiet", "--src-tls-verify=false", "--dest-tls-verify=false", "--dest-creds",
        "me:pass-of-the-test"]
    subprocess.run([*skopeo, f"docker://{image}", f"docker://{target}:commit"], check=True)
    signed = f"{target}@{image.partition('@')[2]}"
    private, public = keys("ours")
    login = {"REGISTRY_USERNAME": "me", "REGISTRY_PASSWORD": "pass-of-the-test"}
    assert re.search("UNAUTHORIZED|401", call("sign", signed, code=1, COSIGN_KEY=private))
    call("sign", signed, COSIGN_KEY=private, **login)
    assert re.search("UNAUTHORIZED|401", call("verify-signature", signed, code=1, COSIGN_KEY=public))
    call("verify-signature", signed, COSIGN_KEY=public, **login)
    # After a login by Docker no variables are needed.
    docker = ["skopeo", "login", "--tls-verify=false", "--authfile", tmp_path / ".docker/config.json", "--username",
        "me", "--password-stdin"]
    subprocess.run([*docker, private_registry], input="pass-of-the-test", text=True, check=True,
        stdout=subprocess.DEVNULL)
    call("sign", signed, COSIGN_KEY=private)
    call("verify-signature", signed, COSIGN_KEY=public)


# Without a key: the job's token, a certificate valid for minutes, the log


@pytest.fixture
def double(tmp_path):
    """Start doubles of Sigstore. `keys` are those that it shares with another double."""
    from doubles import sigstore  # Needs packages that only the check installs.

    doubles = []

    def start(**keys):
        doubles.append(sigstore.Sigstore(tmp_path / f"sigstore-{len(doubles)}", **keys))
        doubles[-1].workflow = MAIN
        return doubles[-1]

    yield start
    for each in doubles:
        each.stop()


@pytest.fixture
def sigstore(double):
    return double()


def sign(call, sigstore, image, services=None):
    return call("sign", image, "--signing-config", services or sigstore.services, "--trusted-root", sigstore.trusted,
        **sigstore.environment)


def verify(call, sigstore, image, code=0, **environment):
    given = {"GITHUB_REPOSITORY": "someone/meridian", **environment}
    return call("verify-signature", image, "--trusted-root", sigstore.trusted, code=code, **given)


def test_a_signature_by_the_main_workflow_is_accepted(call, sigstore, image):
    sign(call, sigstore, image)
    assert sigstore.entries == 1
    assert image.partition("@")[2] in verify(call, sigstore, image)


@pytest.mark.parametrize(
    "workflow",
    [
        "someone/else/.github/workflows/main.yml@refs/heads/main",
        "somebody/meridian/.github/workflows/main.yml@refs/heads/main",
        "someone/meridian/.github/workflows/pull-request.yml@refs/heads/main",
        "someone/meridian/.github/workflows/main.yml@refs/heads/feature",
        "someone/meridian/.github/workflows/main.yml@refs/tags/main",
        "someone/meridian/.github/workflows/main.yml@refs/pull/7/merge",
        "someone/meridian/.github/workflows/main.yml@refs/heads/main-2",
    ],
)
def test_the_signature_of_another_repository_workflow_or_branch_is_refused(call, sigstore, image, workflow):
    sigstore.workflow = workflow
    sign(call, sigstore, image)
    said = verify(call, sigstore, image, code=1)
    assert "no matching CertificateIdentity found" in said and f'got "https://github.com/{workflow}"' in said


def test_another_branch_may_be_named(call, sigstore, image):
    sigstore.workflow = MAIN.replace("heads/main", "heads/release")
    sign(call, sigstore, image)
    verify(call, sigstore, image, BRANCH="release")
    verify(call, sigstore, image, code=1)


def test_a_token_of_another_issuer_is_refused(call, sigstore, image, monkeypatch):
    monkeypatch.setattr("doubles.sigstore.ISSUER", "https://gitlab.example.com")
    sign(call, sigstore, image)
    assert 'got "https://gitlab.example.com"' in verify(call, sigstore, image, code=1)


@pytest.mark.parametrize(
    ("service", "said"),
    [("authority", "leaf certificate verification"), ("certificates", "signed certificate timestamp"),
        ("signatures", "verified log entries")],
)
def test_each_of_sigstores_services_must_be_genuine(call, double, sigstore, image, service, said):
    sign(call, double(**{name: key for name, key in sigstore.keys.items() if name != service}), image)
    assert said in verify(call, sigstore, image, code=1)
    sign(call, sigstore, image)
    verify(call, sigstore, image)


def test_a_signature_without_a_log_entry_is_refused(call, sigstore, image):
    """Nobody could prove that it was created while the certificate was valid."""
    sign(call, sigstore, image, sigstore.services_without_log)
    assert sigstore.entries == 0
    assert "not enough verified log entries" in verify(call, sigstore, image, code=1)


def test_a_job_without_a_token_signs_nothing(call, sigstore, image):
    sigstore.environment = {**sigstore.environment, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-another-job"}
    call("sign", image, "--signing-config", sigstore.services, "--trusted-root", sigstore.trusted, code=1,
        **sigstore.environment)
    assert sigstore.entries == 0
    assert "no signatures found" in verify(call, sigstore, image, code=1)
    assert "id-token: write" in call("sign", image, code=1, GITHUB_ACTIONS="true")


def test_a_key_does_not_replace_the_workflow(call, sigstore, keys, image):
    private, _ = keys("ours")
    call("sign", image, COSIGN_KEY=private)
    verify(call, sigstore, image, code=1)


# What is published for a commit


COMMIT = "0123456789abcdef0123456789abcdef01234567"
# In place of Maven and Jib: writes the list of contents, and pushes an image if one is named.
BUILD = """#!/bin/sh -e
for each; do case $each in -Dimage=*) image=${each#*=} ;; esac; done
mkdir -p app/target && echo '{}' >app/target/bom.json
[ "$image" ] || exit 0
skopeo copy --quiet --src-tls-verify=false --dest-tls-verify=false "docker://$BUILT" "docker://$image"
printf %s "${BUILT#*@}" >app/target/jib-image.digest
echo built >>builds
"""


@pytest.fixture
def publish(cosign, sigstore, open_registry, tmp_path):
    """Run the step for COMMIT; return the image to sign next, and how many images were built, 0 or 1."""
    name = f"{open_registry}/{tmp_path.name.replace('_', '-')}/meridian"
    clone, programs = tmp_path / "clone", tmp_path / "programs"
    for folder in ("scripts", "modules/image"):
        shutil.copytree(ROOT / folder, clone / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (clone / "app").mkdir()
    programs.mkdir()
    trusting = f'#!/bin/sh\nexec {cosign} "$@" --trusted-root {sigstore.trusted}\n'
    for file, text in ((clone / "app/maven", BUILD), (programs / "cosign", trusting)):
        file.write_text(text)
        file.chmod(0o755)
    ours = push(tmp_path / "ours", open_registry, f"ours {tmp_path}")

    def publish():
        reported = tmp_path / "told"
        reported.write_text("")
        shutil.rmtree(clone / "app/target", ignore_errors=True)  # each run has a checkout of its own
        before = len((clone / "builds").read_text().splitlines()) if (clone / "builds").exists() else 0
        subprocess.run([clone / "scripts/publish-public"], check=True, cwd=clone, env={
            "PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(tmp_path), "GITHUB_OUTPUT": str(reported),
            "GITHUB_REPOSITORY": "someone/meridian", "GITHUB_SHA": COMMIT, "REGISTRY": name.rpartition("/")[0],
            "BUILT": ours})
        after = len((clone / "builds").read_text().splitlines()) if (clone / "builds").exists() else 0
        return dict(line.split("=", 1) for line in reported.read_text().splitlines())["image"], after - before

    publish.ours = ours.partition("@")[2]
    publish.name = f"{name.rpartition('/')[0]}/someone/meridian"
    return publish


def put(image, publish):
    subprocess.run(["skopeo", "copy", "--all", "--quiet", "--src-tls-verify=false", "--dest-tls-verify=false",
        f"docker://{image}", f"docker://{publish.name}:{COMMIT}"], check=True)
    return f"{publish.name}@{image.partition('@')[2]}"


def test_an_image_that_this_workflow_signed_for_the_commit_is_not_built_again(call, sigstore, publish):
    image, built = publish()
    assert image.endswith(publish.ours) and built == 1
    sigstore.commit = COMMIT
    sign(call, sigstore, image)
    assert publish() == (image, 0)


@pytest.mark.parametrize("signed", ["by nobody", "by another workflow", "for another commit"])
def test_a_foreign_image_under_the_commits_tag_is_not_used(call, sigstore, publish, image, signed):
    """Whoever may write packages can push it while the tests run."""
    theirs = put(image, publish)
    sigstore.commit = COMMIT
    if signed != "by nobody":
        if signed == "by another workflow":
            sigstore.workflow = MAIN.replace("main.yml", "pull-request.yml")
        else:
            sigstore.commit = "f" * 40
        sign(call, sigstore, theirs)
    published, built = publish()
    assert published.endswith(publish.ours) and built == 1


# What the clouds get


def test_a_signature_covers_copies_by_digest_but_is_not_copied(call, keys, image, started):
    """Publish keeps the digest and does not copy the signature."""
    private, public = keys("ours")
    call("sign", image, COSIGN_KEY=private)
    target = f"{started()}/meridian"
    options = ["--quiet", "--preserve-digests", "--src-tls-verify=false", "--dest-tls-verify=false"]
    subprocess.run(["skopeo", "copy", *options, f"docker://{image}", f"docker://{target}:commit"], check=True)
    inspect = ["skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}", f"docker://{target}:commit"]
    digest = subprocess.check_output(inspect, text=True).strip()
    assert "no signatures found" in call("verify-signature", f"{target}@{digest}", code=1, COSIGN_KEY=public)
    call("verify-signature", f"{image.partition('@')[0]}@{digest}", COSIGN_KEY=public)


# What is refused before any request


@pytest.mark.parametrize("script", ["sign", "verify-signature"])
@pytest.mark.parametrize("image",
    ["meridian", "meridian:1", "ghcr.io/someone/meridian@sha256:abc", "a b@sha256:" + "a" * 64])
def test_an_image_without_its_digest_is_refused(call, script, image):
    assert "by digest" in call(script, image, code=64, GITHUB_REPOSITORY="someone/meridian")


def test_the_expected_signer_must_be_named(call, image):
    assert "Set GITHUB_REPOSITORY to OWNER/NAME, or COSIGN_KEY to a key" in call("verify-signature", image, code=1)
