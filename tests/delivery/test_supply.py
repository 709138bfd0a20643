"""The build job of main.yml, step by step on this machine: publish, scan, check the licences, sign."""

import base64
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import urllib.parse
import zipfile
from datetime import date, timedelta

import pytest
import yaml
from support.emulators import free_port
from support.fronts import Front, reply
from support.images import output
from support.machine import ROOT, clean, cloned, ran
from support.service import alone

pytestmark = [pytest.mark.check, pytest.mark.needs("docker-registry", "skopeo", "go", "cosign", "osv-scanner")]

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Job:
    """The job's steps that run something, with their variables. Each is run by the name of its program."""

    def __init__(self, folder, environment):
        self.folder, self.environment, self.outputs, self.ran = folder, environment, {}, []
        job = yaml.safe_load((ROOT / ".github/workflows/main.yml").read_text())["jobs"]["build"]
        self.steps = {re.sub("^(python3 scripts/meridian |scripts/)", "", step["run"]).split()[0]: step
            for step in job["steps"] if "run" in step}

    def value(self, text):
        """Replace expressions as GitHub would."""
        known = {"github.actor": "me", "github.token": "of-the-job",
            **{f"steps.publish.outputs.{name}": value for name, value in self.outputs.items()}}
        return re.sub(r"\$\{\{ (\S+) \}\}", lambda found: known[found[1]], text)

    def run(self, name, options="", code=0, **environment):
        step = self.steps[name]
        given = {variable: self.value(text) for variable, text in step.get("env", {}).items()}
        reported = self.folder.parent / "told"
        reported.write_text("")
        # As GitHub starts a step's shell.
        done = ran("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", f"{step['run']} {options}",
            cwd=self.folder, codes=(code,),
            env={**self.environment, "GITHUB_OUTPUT": str(reported), **given, **environment})
        self.ran.append(name)
        if step.get("id") and code == 0:
            self.outputs = dict(line.split("=", 1) for line in reported.read_text().splitlines())
        return done.stdout

    @property
    def bom(self):
        return self.folder / "app/target/bom.json"


@pytest.fixture(scope="module")
def job(tmp_path_factory, registry, with_base):
    """The job after its first step, in a clone of its own."""
    folder = cloned(tmp_path_factory.mktemp("build") / "meridian", "app", "scripts", "modules/image",
        "osv-scanner.toml")
    (folder / ".cache").symlink_to(ROOT / ".cache")
    with alone("cosign"):
        cosign = pathlib.Path(output(ROOT / "scripts/tool", "cosign")).parent
    with alone("osv-scanner"):
        output(ROOT / "scripts/tool", "osv-scanner")
    environment = {
        **clean(),
        "PATH": f"{cosign}:{os.environ['PATH']}",
        "GITHUB_REPOSITORY": "Someone/Meridian",
        "GITHUB_SHA": COMMIT,
        "REGISTRY": registry,
        **with_base,
    }
    job = Job(folder, environment)
    job.said = job.run("publish-public")
    return job


def test_the_image_is_published_under_its_commit_and_reported_by_digest(job, registry):
    name = f"{registry}/someone/meridian"
    inspected = output("skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}",
        f"docker://{name}:{COMMIT}")
    assert job.outputs == {"image": f"{name}@{inspected}", "name": name, "digest": inspected}
    assert job.said.splitlines()[-1].endswith(job.outputs["image"])
    assert {"org.yaml", "io.helidon"} <= {component["group"]
        for component in json.loads(job.bom.read_text())["components"]}


def test_a_second_run_for_a_commit_publishes_nothing_and_has_the_same_list_of_contents(job, tmp_path):
    """With a valid signature; tests/delivery/test_supply_signing.py tests the signatures."""
    before, outputs = job.bom.read_bytes(), job.outputs
    shutil.rmtree(job.folder / "app/target")
    (tmp_path / "cosign").symlink_to("/bin/true")
    said = job.run("publish-public", REGISTRY_PASSWORD="of-the-second-run",
        PATH=f"{tmp_path}:{job.environment['PATH']}")
    assert "is in the registry already" in said and "built again" not in said and job.outputs == outputs
    assert job.bom.read_bytes() == before


@pytest.mark.parametrize("variable", ["GITHUB_REPOSITORY", "GITHUB_SHA"])
def test_nothing_is_published_without_repository_and_commit(job, variable):
    assert f"{variable} must be" in job.run("publish-public", code=1, **{variable: ""})


# Licences


def test_the_licences_in_the_image_are_fine(job):
    said = job.run("licences")
    count = len(json.loads(job.bom.read_text())["components"])
    assert f"{count} components, all with accepted licences." in said and "org.yaml:snakeyaml:" in said


@pytest.fixture
def bom(job):
    """The list of contents, which a test may change."""
    text = job.bom.read_text()
    yield json.loads(text)
    job.bom.write_text(text)


@pytest.mark.parametrize(
    ("licences", "reported"),
    [([{"license": {"id": "AGPL-3.0-only"}}], "(AGPL-3.0-only)"),
        ([{"expression": "MIT AND SSPL-1.0"}], "(MIT AND SSPL-1.0)"), ([], "(no licence stated)")],
)
def test_an_unknown_licence_fails(job, bom, licences, reported):
    bom["components"][0]["licenses"] = licences
    job.bom.write_text(json.dumps(bom))
    said = job.run("licences", code=1)
    assert f"{bom['components'][0]['version']} {reported}" in said and "add it to FINE" in said


def test_a_missing_list_of_contents_is_reported(job, bom):
    job.bom.unlink()
    for name in ("licences", "scan"):
        assert "app/target/bom.json is missing" in job.run(name, code=1)


# Vulnerabilities: from the scanner's own local database, with invented advisories


# The base image consists of this machine's packages.
DEBIAN = "Debian:" + re.search(r'^VERSION_ID="(\d+)', pathlib.Path("/etc/os-release").read_text(), re.M)[1]


def advisory(ecosystem, name, number=1, fixed=True):
    affected = {"package": {"ecosystem": ecosystem, "name": name},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, *([{"fixed": "999"}] if fixed else [])]}]}
    times = dict.fromkeys(("modified", "published"), "2026-01-01T00:00:00Z")
    return {"schema_version": "1.7.3", "id": f"TEST-2026-{number}", **times, "summary": "made up",
        "affected": [affected]}


ELSEWHERE = {"Maven": advisory("Maven", "org.example:nothing-of-ours", 8),
    "Debian": advisory("Debian:12", "nothing-of-ours", 9)}


POM = (ROOT / "app/pom.xml").read_bytes()


@pytest.fixture
def hub():
    """A miniature GitHub: artifacts of builds, the file app/pom.xml by commit, and issues."""
    builds, poms, issues = [], {}, {}

    def build(pom, created="2026-01-01", branch="main", repository=1):
        sha = f"{len(builds):040x}"
        poms[sha] = pom
        builds.insert(0, {"name": "sbom", "created_at": created, "workflow_run": {"head_branch": branch,
            "head_sha": sha, "repository_id": 1, "head_repository_id": repository}})

    def respond(request):
        url = urllib.parse.urlsplit(request.path.removeprefix("/repos/Someone/Meridian/"))
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path == "actions/artifacts":
            return reply({"artifacts": [each for each in builds if each["name"] == query["name"]]})
        if url.path == "contents/app/pom.xml":
            pom = poms.get(query["ref"])
            return reply({"content": base64.encodebytes(pom).decode()}) if pom else reply({}, 404)
        if request.method == "GET":
            return reply([{**issue, "user": {"type": "Bot"}} for issue in issues.values() if issue["state"] == "open"])
        number = int(url.path.partition("/")[2] or len(issues) + 1)
        issues.setdefault(number, {"number": number, "state": "open"}).update(json.loads(request.body))
        return reply({}, 201)

    with Front(respond) as front:
        front.build, front.builds, front.poms, front.issues = build, builds, poms, issues
        front.environment = {"GITHUB_API_URL": front.url, "GITHUB_REF_NAME": "main"}
        build(POM + b"<!-- other libraries -->")
        yield front


@pytest.fixture
def scan(job, hub, tmp_path):
    """Run the step with only these advisories. The scanner has no database for an ecosystem that is not listed."""

    def scan(*advisories, code=0, ecosystems=("Maven", "Debian"), step="scan"):
        for ecosystem in ecosystems:
            folder = tmp_path / "osv-scalibr" / ecosystem
            folder.mkdir(parents=True, exist_ok=True)
            with zipfile.ZipFile(folder / "all.zip", "w") as packed:
                for each in (ELSEWHERE[ecosystem], *advisories):
                    packed.writestr(f"{each['id']}.json", json.dumps(each))
        return job.run(step, "-- --offline", code=code, XDG_CACHE_HOME=str(tmp_path), **hub.environment)

    return scan


def found(said, fixed=True):
    """Package and place of each finding that is reported."""
    said = said.partition("Fixed in a newer version:")[2].partition("No fix yet")[0 if fixed else 2]
    return set(re.findall(r"^- (\S+) \S+ in (\S+): TEST-2026-", said, re.M))


def test_an_image_without_known_vulnerabilities_passes(scan):
    assert "No known vulnerabilities." in scan()


def test_unfixed_and_unimportant_vulnerabilities_are_listed_but_do_not_fail(scan):
    unimportant = advisory(DEBIAN, "glibc", 3)
    unimportant["affected"][0]["ecosystem_specific"] = {"urgency": "unimportant"}
    said = scan(advisory("Maven", "org.yaml:snakeyaml", fixed=False), unimportant)
    assert "Fixed in a newer version" not in said and "TEST-2026-1, not fixed" in said
    assert "TEST-2026-3, not important" in said


def test_a_fixable_vulnerability_fails_only_a_change_of_libraries(scan, hub):
    vulnerable = advisory("Maven", "org.yaml:snakeyaml")
    hub.builds.clear()
    # A copy's first build has nothing to be compared with, whatever branches and forks did.
    hub.build(POM + b"x", "2026-03-01", branch="other")
    hub.build(POM + b"x", "2026-03-01", repository=2)
    assert "does not fail" in scan(vulnerable)
    hub.build(POM)
    assert "does not fail" in scan(vulnerable)
    hub.build(POM + b"<!-- the last that passed -->", "2026-02-01")
    assert found(scan(vulnerable, code=1))
    assert "No known vulnerabilities." in scan()
    # After a force push that commit no longer exists.
    hub.poms.clear()
    assert found(scan(vulnerable, code=1))


def test_the_weekly_scan_keeps_one_issue_and_closes_it(scan, hub, job, monkeypatch):
    steps = yaml.safe_load((ROOT / ".github/workflows/vulnerabilities.yml").read_text())["jobs"]["scan"]["steps"]
    assert steps[-2]["run"] == "./taskw build"
    monkeypatch.setitem(job.steps, "weekly", steps[-1])
    archive = job.folder / "app/target/jib-image.tar"
    archive.unlink(missing_ok=True)
    subprocess.run(["skopeo", "copy", "--quiet", "--src-tls-verify=false", f"docker://{job.outputs['image']}",
        f"docker-archive:{archive}"], check=True)
    fixed, other = advisory("Maven", "org.yaml:snakeyaml"), advisory("Maven", "org.yaml:snakeyaml", 2, fixed=False)
    for advisories, state in (([fixed, other], "open"), ([other], "closed")):
        scan(*advisories, step="weekly")
        assert [issue["state"] for issue in hub.issues.values()] == [state]
    body = hub.issues[1]["body"]
    assert "TEST-2026-1, fixed in 999" in body and "TEST-2026-2, not fixed" in body


def test_a_library_is_found_in_the_list_of_contents_and_in_the_merged_jar_of_the_image(scan):
    said = scan(advisory("Maven", "org.yaml:snakeyaml"), code=1)
    # For the list it shows the name without the group.
    assert found(said) == {("snakeyaml", "app/target/bom.json"), ("org.yaml:snakeyaml", "app/libraries.jar")}, said


def test_a_library_that_does_not_name_itself_is_found_in_the_list(job, scan, tmp_path):
    """Some jars do not contain their own name, so that scanning the image alone is not enough."""
    subprocess.run(["skopeo", "copy", "--quiet", "--src-tls-verify=false", f"docker://{job.outputs['image']}",
        f"dir:{tmp_path / 'image'}"], check=True)
    carried = set()
    for layer in (tmp_path / "image").iterdir():
        if tarfile.is_tarfile(layer):
            with tarfile.open(layer) as tar:
                for jar in (entry for entry in tar if entry.name.endswith("libraries.jar")):
                    with zipfile.ZipFile(io.BytesIO(tar.extractfile(jar).read())) as packed:
                        carried |= {tuple(name.split("/")[2:4])
                            for name in packed.namelist() if name.endswith("pom.properties")}
    assert ("org.yaml", "snakeyaml") in carried
    listed = {(each["group"], each["name"]) for each in json.loads(job.bom.read_text())["components"]}
    group, name = sorted(listed - carried)[0]
    assert found(scan(advisory("Maven", f"{group}:{name}"), code=1)) == {(name, "app/target/bom.json")}


def test_a_package_of_the_base_image_is_found(scan):
    packages = found(scan(advisory(DEBIAN, "glibc"), code=1))
    assert packages == {("glibc", f"var/lib/dpkg/status.d/{package}") for package in ("libc6", "libc-bin")}


@pytest.mark.parametrize(("until", "code"),
    [(date.today() + timedelta(days=30), 0), (date.today() - timedelta(days=1), 1)])
def test_an_ignored_vulnerability_is_ignored_until_its_day(job, scan, until, code):
    file = job.folder / "osv-scanner.toml"
    text = file.read_text()
    entry = f'[[IgnoredVulns]]\nid = "TEST-2026-1"\nreason = "nobody can reach it"\nignoreUntil = {until}\n'
    try:
        file.write_text(text + entry)
        assert ("nobody can reach it" in scan(advisory("Maven", "org.yaml:snakeyaml"), code=code)) == (code == 0)
    finally:
        file.write_text(text)


def test_each_ignored_vulnerability_has_a_reason_and_a_day_within_three_months():
    import tomllib  # Python 3.11, which ./taskw test does not require.

    for entry in tomllib.loads((ROOT / "osv-scanner.toml").read_text()).get("IgnoredVulns", []):
        assert entry["reason"] and entry["ignoreUntil"] <= date.today() + timedelta(days=92), entry


def test_a_scan_without_all_databases_fails(scan):
    assert "could not load db for Debian" in scan(code=127, ecosystems=("Maven",))


def test_a_scan_that_reaches_no_database_fails(job):
    nowhere = f"http://127.0.0.1:{free_port()}"
    said = job.run("scan", code=127, HTTPS_PROXY=nowhere, https_proxy=nowhere)
    assert "api.osv.dev" in said and "connection refused" in said


def test_a_missing_image_is_not_scanned(job):
    said = job.run("scan", "-- --offline", code=1, IMAGE=f"{job.outputs['name']}@sha256:{'0' * 64}")
    assert "manifest unknown" in said
    assert "must name the image by digest" in job.run("scan", "-- --offline", code=1, IMAGE="")


# The end of the job


def test_the_image_is_signed_and_every_step_was_run(job, tmp_path):
    """With a key, because there is no token of a job here; tests/delivery/test_supply_signing.py has tokens."""
    environment = {**job.environment, "COSIGN_PASSWORD": ""}
    subprocess.run(["cosign", "generate-key-pair"], cwd=tmp_path, env=environment, check=True, capture_output=True)
    job.run("sign", COSIGN_KEY=str(tmp_path / "cosign.key"), COSIGN_PASSWORD="")
    verify = [sys.executable, job.folder / "scripts/meridian", "verify-signature", job.outputs["image"]]
    said = output(*verify, env={**environment, "COSIGN_KEY": str(tmp_path / "cosign.pub")})
    assert job.outputs["digest"] in said
    assert set(job.steps) <= set(job.ran)
