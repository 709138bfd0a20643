"""Known vulnerabilities in the components of the image, from https://osv.dev. Its Java runtime is in no such database;
see https://adoptium.net/temurin/release-notes for those."""

import base64
import contextlib
import json
import os
import pathlib
import subprocess
import tempfile

from meridian.checks import built
from meridian.console import ROOT, Problem, run, say
from meridian.github import GitHub
from meridian.image import Image, signed_in
from meridian.pipeline import append

POM = "app/pom.xml"
TITLE = "Vulnerabilities in the service's components that newer versions fix"


def scan(_, options):
    """Lists the known vulnerabilities of an image and its components; without an image, of what ./taskw build created.
    Fails if a newer version fixes one. osv-scanner.toml lists those that do no harm here, each with a reason and a
    date."""
    image = Image.parse(" ".join(options.named), "The image") if options.named else None
    # Without app/, only the image is scanned.
    lists = [built("bom.json")] if not image or (ROOT / POM).exists() else []
    archive = None if image else built("jib-image.tar")
    scanner = run(ROOT / "scripts/tool", "osv-scanner").stdout.strip()
    found = []
    with tempfile.TemporaryDirectory() as folder:
        if image:
            archive = pathlib.Path(folder, "image.tar")
            with signed_in(image.repository) as login:
                run("skopeo", "copy", "--quiet", *login("src"), f"docker://{image}", f"docker-archive:{archive}")
        for kind, option, file in (*(("source", "--lockfile", each) for each in lists),
                ("image", "--archive", archive)):
            done = subprocess.run([scanner, "scan", kind, "--config", ROOT / "osv-scanner.toml", "--format", "json",
                *options.further, option, file], stdout=subprocess.PIPE, text=True)
            if done.returncode not in (0, 1):
                return done.returncode
            found += findings(json.loads(done.stdout))
    fixable = section("Fixed in a newer version:", found, True)
    text = fixable + section("No fix yet, or none needed:", found, False)
    say(text or "No known vulnerabilities.")
    append("GITHUB_STEP_SUMMARY", text)
    if options.issue:
        GitHub().issue(TITLE, text if fixable else None)
        return 0
    if fixable and options.change and unchanged():
        say("The scan does not fail: app/pom.xml has not changed since the last build that passed, or no build has "
            "passed.")
        return 0
    return 1 if fixable else 0


def section(heading, found, fixable):
    lines = sorted({f"- {line}\n" for fixed, line in found if fixed == fixable})
    return f"{heading}\n\n{''.join(lines)}\n" if lines else ""


def findings(report):
    """For each vulnerability of each package: whether a newer version fixes it, and a line about it."""
    for result in report["results"]:
        # For a list of components its path in the repository, for an image the path inside it.
        place = os.path.relpath(result["source"]["path"], ROOT) if result["source"]["type"] == "sbom" else (
            result["source"]["path"].lstrip("/"))
        for found in result["packages"]:
            package = found["package"]
            unimportant = {name for group in found["groups"]
                for name, each in group.get("experimental_analysis", {}).items() if each.get("unimportant")}
            for each in found.get("vulnerabilities", []):
                # The packages of a list are named without their Maven group.
                fixed = {event["fixed"] for affected in each.get("affected", [])
                    if f":{affected['package']['name']}".endswith(f":{package['name']}")
                    and affected["package"]["ecosystem"] == package["ecosystem"]
                    for part in affected.get("ranges", []) if part["type"] != "GIT"
                    for event in part["events"] if "fixed" in event}
                fix = "not important" if each["id"] in unimportant else (
                    f"fixed in {' or '.join(sorted(fixed))}" if fixed else "not fixed")
                yield bool(fixed) and each["id"] not in unimportant, (
                    f"{package['name']} {package['version']} in {place}: {each['id']}, {fix}. "
                    f"{each.get('summary', '')}".strip())


def unchanged():
    """Whether app/pom.xml, which names all libraries and the base image, is as in the branch's last passed build; also
    true without such a build."""
    hub, branch = GitHub(), os.environ.get("GITHUB_REF_NAME")
    builds = [build for build in hub.ask("GET", "actions/artifacts?name=sbom&per_page=100")["artifacts"]
        # A fork's branch can have the same name.
        if build["workflow_run"]["head_branch"] == branch
        and build["workflow_run"]["head_repository_id"] == build["workflow_run"]["repository_id"]]
    if not builds:
        return True
    last = max(builds, key=lambda build: build["created_at"])["workflow_run"]["head_sha"]
    with contextlib.suppress(Problem):  # A commit that no longer exists counts as changed.
        content = hub.ask("GET", f"contents/{POM}?ref={last}")["content"]
        return base64.b64decode(content) == (ROOT / POM).read_bytes()
    return False
