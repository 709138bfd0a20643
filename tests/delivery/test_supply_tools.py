"""What the pipelines call besides deploying: installers, lock files, scheduled probes, the scan for secrets, the login
check."""

import contextlib
import datetime
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import zipfile

import pytest
from doubles.fake_cloud import FakeCloud
from support.emulators import Emulator
from support.machine import ROOT, clean, ran
from support.service import free_port
from support.fronts import Front, reply
from support.gcp_world import gcloud

pytestmark = pytest.mark.check


def program(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def run(*command, code=0, **environment):
    """Run a command and return its output; a variable that is None is unset."""
    return ran(*command, env=clean(**environment), codes=(code,) if isinstance(code, int) else code).stdout


# install


@pytest.fixture
def machine(tmp_path):
    """A pipeline's machine: a home, a folder for temporary files, and a PATH of programs that record their calls."""
    for name in ("home", "temporary", "served"):
        (tmp_path / name).mkdir()
    # Returns the file in served/ that the last part of the address names, as a server would.
    program(
        tmp_path / "bin/curl",
        f"""#!/usr/bin/env bash
echo "curl ${{*: -1}}" >>{tmp_path}/calls
file={tmp_path}/served/$(basename "${{*: -1}}") out=/dev/stdout
[[ -f $file ]] || {{ echo "curl: (22) The requested URL returned error: 404" >&2; exit 22; }}
while (($#)); do [[ $1 == --output ]] && out=$2; shift; done
cat "$file" >"$out"
""",
    )
    program(tmp_path / "bin/sudo", f'#!/usr/bin/env bash\necho "sudo $*" >>{tmp_path}/calls\n[[ $1 == tee ]] && cat '
        f'>{tmp_path}/$(basename "$2")\nexit 0\n')
    program(tmp_path / "bin/lsb_release", "#!/bin/sh\necho noble\n")
    return tmp_path


def install(machine, *tools, code=0, script=ROOT / "scripts/install"):
    path = f"{machine / 'bin'}:{os.environ['PATH']}"
    return run(script, *tools, code=code, PATH=path, HOME=machine / "home", TMPDIR=machine / "temporary")


@pytest.fixture
def archive(machine):
    """A fake Terraform, packed as HashiCorp packs it but not by HashiCorp."""
    with zipfile.ZipFile(machine / "served/terraform_1.11.4_linux_amd64.zip", "w") as packed:
        entry = zipfile.ZipInfo("terraform")
        entry.external_attr = (stat.S_IFREG | 0o755) << 16
        packed.writestr(entry, "#!/bin/sh\necho Terraform of somebody\n")
        packed.writestr("LICENSE.txt", "")
    return machine / "served/terraform_1.11.4_linux_amd64.zip"


def leftovers(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_terraform_not_by_hashicorp_is_refused_and_removed(machine, archive):
    said = install(machine, "terraform", code=1)
    assert "FAILED" in said and "terraform_1.11.4_linux_amd64.zip" in (machine / "calls").read_text()
    assert leftovers(machine / "home") == leftovers(machine / "temporary") == []


def test_terraform_is_installed_if_its_checksum_is_right(machine, archive):
    """No release can be downloaded here, so the script expects the checksum of the archive above."""
    folder = machine / "scripts"
    shutil.copytree(ROOT / "scripts", folder, ignore=shutil.ignore_patterns("__pycache__"))
    text = (folder / "install").read_text()
    (official,) = re.findall(r"\b[0-9a-f]{64}\b", text)
    program(folder / "install",
        text.replace(official, subprocess.check_output(["sha256sum", archive], text=True).split()[0]))
    install(machine, "terraform", script=folder / "install")
    assert leftovers(machine / "home") == [machine / "home/.local/bin/terraform"]
    assert leftovers(machine / "temporary") == []
    assert run(machine / "home/.local/bin/terraform") == "Terraform of somebody\n"


def test_a_download_that_fails_installs_nothing(machine):
    assert "404" in install(machine, "terraform", code=22)
    assert leftovers(machine / "home") == leftovers(machine / "temporary") == []


def test_the_jdk_comes_from_adoptium_in_packages_signed_with_its_key(machine):
    (machine / "served/public").write_text("the key\n")
    install(machine, "jdk")
    calls = (machine / "calls").read_text().splitlines()
    assert calls[-2:] == ["sudo apt-get update --quiet --quiet",
        "sudo apt-get install --quiet --quiet --yes temurin-25-jdk"]
    assert (machine / "adoptium.asc").read_text() == "the key\n"
    source = (machine / "adoptium.list").read_text().split()
    assert source == ["deb", "[signed-by=/etc/apt/keyrings/adoptium.asc]",
        "https://packages.adoptium.net/artifactory/deb", "noble", "main"]


def test_without_adoptiums_key_no_package_is_requested(machine):
    install(machine, "jdk", code=22)
    assert "apt-get" not in (machine / "calls").read_text()


@pytest.mark.parametrize("tools", [(), ("maven",), ("--help",)])
def test_install_reports_what_it_can_install(machine, tools):
    assert "usage: install jdk|terraform" in install(machine, *tools, code=64)
    assert leftovers(machine / "home") == []


# lock

PLATFORMS = ("linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64", "windows_amd64")


@pytest.fixture
def stacks(tmp_path):
    for folder in ("scripts", "stacks", "modules"):
        shutil.copytree(ROOT / folder, tmp_path / folder,
            ignore=shutil.ignore_patterns(".terraform", "*.tfstate*", "__pycache__", "backend.tf"))
    return tmp_path


def locks(root):
    return {path.parent.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.glob("stacks/**/.terraform.lock.hcl"))}


@pytest.mark.needs("terraform")
def test_each_lock_file_is_renewed_for_every_platform(stacks):
    """From a folder in place of Terraform's registry, with packages that share only the providers' names."""
    mirror = stacks / "mirror"
    before = locks(stacks)
    for name, version in set(re.findall(rb'provider "([^"]+)" \{\n  version\s*= "([^"]+)"', b"".join(before.values()))):
        folder = mirror / name.decode()
        folder.mkdir(parents=True)
        for platform in PLATFORMS:
            with zipfile.ZipFile(folder / f"terraform-provider-{folder.name}_{version.decode()}_{platform}.zip",
                    "w") as packed:
                packed.writestr(f"terraform-provider-{folder.name}_v{version.decode()}", platform)
    for path in stacks.glob("stacks/**/.terraform.lock.hcl"):
        path.unlink()
    said = run(stacks / "scripts/lock", f"-fs-mirror={mirror}")
    after = locks(stacks)
    assert set(after) == set(before) == {line for line in said.splitlines() if line.startswith("stacks/")}
    for folder, text in after.items():
        providers = text.count(b"\nprovider ")
        assert providers and text.count(b'"h1:') == len(PLATFORMS) * providers, folder


@pytest.mark.needs("terraform")
@pytest.mark.parametrize("options", [[], ["-fs-mirror=/nowhere"]], ids=["no registry", "no such mirror"])
def test_a_lock_file_that_cannot_be_renewed_stays(stacks, options):
    before = locks(stacks)
    nowhere = f"http://127.0.0.1:{free_port()}"
    said = run(stacks / "scripts/lock", *options, code=1, HTTPS_PROXY=nowhere, https_proxy=nowhere, HOME=stacks)
    assert "Could not retrieve providers for locking" in said and locks(stacks) == before, said


# probe-all


@pytest.fixture
def reported():
    """Start servers of the time. A list has an entry for each response, of which the last one repeats: a status, or by
    how many seconds the time is late."""
    with contextlib.ExitStack() as stack:

        def start(*script):
            script = list(script)

            def respond(_):
                what = script.pop(0) if len(script) > 1 else script[0]
                now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=what if what < 100
                    else 0)
                return reply({"now": now.isoformat().replace("+00:00", "Z")}, what if what >= 100 else 200)

            return stack.enter_context(Front(respond))

        yield start


def probe_all(urls, code):
    return run(sys.executable, ROOT / "scripts/meridian", "probe", code=code, PROBE_URLS=" ".join(urls))


def test_each_address_is_probed_and_one_failure_is_enough(reported):
    good, bad, last = reported(0), reported(503), reported(0)
    said = probe_all([good.url, bad.url, last.url], code=1).splitlines()
    assert [line.split()[0] for line in said] == ["OK:", "Failed:", "Failed:", "OK:"], said
    assert good.seen and len(bad.seen) == 2 and last.seen


def test_a_single_lost_response_is_no_outage(reported):
    url = reported(503, 0).url
    assert [line.split()[0] for line in probe_all([url], code=0).splitlines()] == ["Failed:", "OK:"]


def test_a_wrong_clock_fails(reported):
    assert "Failed:" in probe_all([reported(5).url], code=1)


def test_missing_addresses_are_reported():
    assert "The URL is missing" in run(sys.executable, ROOT / "scripts/meridian", "probe", code=64, PROBE_URLS=None)


# scan-secrets


@pytest.fixture
def repository(tmp_path):
    """A repository with the scripts and the tools of this one."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".gitleaks.toml", tmp_path)
    (ROOT / ".cache").mkdir(exist_ok=True)
    (tmp_path / ".cache").symlink_to(ROOT / ".cache")
    (tmp_path / ".git/info").mkdir(parents=True)
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".git/info/exclude").write_text(".cache\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "Begin")
    return tmp_path


def git(folder, *arguments):
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", folder, *identity, *arguments], check=True)


@pytest.mark.needs("go")
def test_a_secret_is_found_even_in_a_commit_that_was_reverted(repository):
    assert "no leaks found" in run(repository / "scripts/scan-secrets")
    # Put together here, so that no scan finds it in this file.
    secret = "ghp_" + "a8Qm2ZtX9rKc4LwB7nVy1PdS6hJf3GeU5oTi"
    (repository / "notes").write_text(f"token: {secret}\n")
    git(repository, "add", "notes")
    git(repository, "commit", "--quiet", "--message", "Slip")
    git(repository, "rm", "--quiet", "notes")
    git(repository, "commit", "--quiet", "--message", "Take it back")
    said = run(repository / "scripts/scan-secrets", code=1)
    assert "leaks found: 1" in said and secret not in said


# pipeline login


@pytest.fixture
def pipeline(stacks):
    def call(cloud, *, code=0, **environment):
        return run(sys.executable, stacks / "scripts/meridian", "login", cloud, code=code, **environment)

    return call


@pytest.mark.needs("aws-cli")
def test_the_login_to_aws_reports_the_identity(pipeline, tmp_path):
    port = free_port()
    moto = Emulator([pathlib.Path(sys.executable).parent / "moto_server", "-H", "127.0.0.1", "-p", port], port,
        tmp_path / "moto.log")
    try:
        given = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret", "HOME": tmp_path}
        assert re.search(r"^ok       account \d{12} as \S+$", pipeline("aws", **given), re.M)
        said = pipeline("aws", code=1, **{**given, "AWS_ACCESS_KEY_ID": None, "AWS_EC2_METADATA_DISABLED": "true"})
        assert "There are no AWS credentials" in said
    finally:
        moto.stop()
    said = pipeline("aws", code=1, **given, AWS_MAX_ATTEMPTS="1")
    assert "AWS cannot be reached" in said


AZ = """#!/usr/bin/env bash
if [[ -n ${AZ_SAYS:-} ]]; then echo "$AZ_SAYS" >&2; exit 1; fi
case "$1 $2" in
  "account show") echo '{"id": "00000000-1111-2222-3333-444444444444", "user": {"name": "the-planner"}}' ;;
  *) exit 64 ;;
esac
"""


def test_the_login_to_azure_reports_the_identity(pipeline, tmp_path):
    program(tmp_path / "bin/az", AZ)
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    assert "ok       subscription 00000000-1111-2222-3333-444444444444 as the-planner" in pipeline("azure", PATH=path)
    assert "does not accept the login" in pipeline("azure", code=1, PATH=path,
        AZ_SAYS="ERROR: AADSTS700213: No matching federated identity record found")


def test_a_login_without_its_tool_fails(pipeline, tmp_path):
    (tmp_path / "bin").mkdir()
    for name in ("bash", "env"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name))
    assert "az is missing" in pipeline("azure", code=1, PATH=tmp_path / "bin")


@pytest.mark.needs("jdk")
def test_the_login_to_google_cloud_reports_the_identity(pipeline, tmp_path):
    fake = FakeCloud("Google", tmp_path, ["*.googleapis.com"])
    try:
        given = {**fake.environment, "PATH": f"{gcloud(tmp_path)}:{os.environ['PATH']}",
            "TF_VAR_project": "test-project"}
        said = pipeline("gcp", **given)
        assert "ok       project test-project, number 123456789012" in said
        assert "has expired" in pipeline("gcp", code=1, **given,
            GCLOUD_SAYS="ERROR: (gcloud) invalid_grant: the token expired")
        assert "No project is chosen" in pipeline("gcp", code=1, **{**given, "TF_VAR_project": None})
    finally:
        fake.stop()
