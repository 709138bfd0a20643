"""Building the image on any Java and from the base that BASE names, and the messages if that cannot succeed."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from support.fronts import Front, reply
from support.images import debian_base, output, sources
from support.machine import ROOT
from support.service import free_port

pytestmark = pytest.mark.check


def environment(java_home, **more):
    clean = {name: value for name, value in os.environ.items() if name not in ("JAVA_HOME", "BASE", "IMAGE")}
    return clean | ({"JAVA_HOME": str(java_home)} if java_home else {}) | more


def run(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900, **options)


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    return sources(tmp_path_factory.mktemp("clone"))


@pytest.fixture(scope="module")
def javas(tmp_path_factory):
    """Values of JAVA_HOME as found on machines, and an older Java for the PATH."""
    jdk = pathlib.Path(output(ROOT / "scripts/jdk"))
    old = next((home for home in pathlib.Path("/usr/lib/jvm").glob("*") if "25" not in home.name
        and (home / "bin/java").exists()), None)
    if not old:
        pytest.skip("an older Java is missing: Debian: apt-get install default-jre-headless")
    elsewhere = tmp_path_factory.mktemp("java") / "of my own"
    shutil.copytree(jdk, elsewhere, symlinks=True, copy_function=os.link)
    return {"none": None, "JDK 25": jdk, "JDK 25 elsewhere": elsewhere, "older": old, "no folder": "/no/java",
        "": ""}, old


@pytest.mark.parametrize("home", ["none", "JDK 25", "JDK 25 elsewhere", "older", "no folder", ""])
def test_any_java_builds_the_image(app, javas, home):
    homes, old = javas
    shutil.rmtree(app / "target/image", ignore_errors=True)
    done = run(
        *[app / "maven", "--quiet", "package", "-DskipTests", "-Dimage=meridian", "-P", "!own-runtime"],
        env=environment(homes[home], PATH=f"{old}/bin:{os.environ['PATH']}", BASE=debian_base()),
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert (app / "target/image/libraries/libraries.jar").stat().st_size > 10_000_000
    assert ("has no bin/java" in done.stdout) == (home == "no folder")


def test_leftovers_of_an_own_java_stay_out_of_an_image_without_one(app):
    leftovers = [app / "target/image/java/bin/java", app / "target/image/cache/meridian.aot"]
    for file in leftovers:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    done = run(
        *[app / "maven", "--quiet", "package", "-DskipTests", "-Dimage=meridian", "-P", "!own-runtime"],
        env=environment(None, BASE=debian_base()),
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert not any(file.exists() for file in leftovers)


@pytest.mark.parametrize(
    "machine, arguments, message",
    [
        ("none", "base.tar", "apt-get or dpkg-deb is missing; app/base needs Debian or Ubuntu.\n"),
        ("arm64", "base.tar", "libc6 is for arm64 here, and the image is for amd64; run app/base on such a machine.\n"),
        ("amd64", "file/base.tar", "file: File exists\n"),
        ("amd64", ".", ".: Is a directory\n"),
        ("amd64", "--java /no/java base.tar", "/no/java/bin/jlink: No such file or directory\n"),
    ],
)
def test_a_base_that_cannot_be_built_fails_with_one_line(tmp_path, machine, arguments, message):
    (tmp_path / "file").touch()
    programs = tmp_path / "bin"
    programs.mkdir()
    if machine != "none":
        stubs = {"apt-get": 'exec /usr/bin/touch "$2_1_any.deb"',
            "dpkg-deb": f'[ "$1" != --field ] || echo {machine}'}
        for name, does in stubs.items():
            (programs / name).write_text(f"#!/bin/sh\n{does}\n")
            (programs / name).chmod(0o755)
    done = run(sys.executable, ROOT / "app/base", *arguments.split(), cwd=tmp_path, env={"PATH": str(programs)})
    assert (done.returncode, done.stdout) == (1, message)
    assert not (tmp_path / "base.tar").exists()


@pytest.mark.parametrize(
    "command",
    [
        "BASE=tar:///nowhere mvn -f {app} validate -Dimage=meridian",
        "mvn -f {app} validate -Dimage=meridian -Dbase=tar:///nowhere",
        "BASE=tar:///elsewhere mvn -f {app} validate -Dimage=meridian -Dbase=tar:///nowhere",
        "IMAGE=localhost:1/meridian:1 APP={app} BASE=tar:///nowhere modules/image/push",
        "BASE=tar:///nowhere ./taskw build",
        "./taskw build BASE=tar:///nowhere",
        "./taskw publish TARGET=localhost:1/meridian:1 BASE=tar:///nowhere",
    ],
)
def test_base_is_never_ignored(app, command):
    done = run("bash", "-c", command.format(app=app), cwd=ROOT, env=environment(None))
    assert done.returncode != 0
    assert "BASE names /nowhere, which is no file; make it: app/base /nowhere" in done.stdout, done.stdout[-3000:]
    assert "jib-maven-plugin" not in done.stdout, "it fails before Jib starts, which would retry for minutes"


@pytest.fixture(scope="module")
def plain():
    """A registry on this machine without TLS, as Docker's own starts."""
    with Front(lambda _: reply()) as front:
        yield f"localhost:{front.port}"


def refused(app, goal, *options, base):
    """Return the output of a build that fails before Jib starts, which would retry for minutes."""
    done = run(
        *["mvn", "--batch-mode", "--quiet", "--file", app, "validate", goal, *options],
        env=environment(None, BASE=base),
    )
    assert done.returncode != 0 and "jib-maven-plugin" not in done.stdout, done.stdout
    return done.stdout


def test_a_registry_without_tls_names_the_flag(app, plain):
    message = refused(app, "jib:build", f"-Dimage={plain}/meridian:1", base=debian_base())
    assert f"{plain} speaks plain HTTP, which Jib does only if told: add -Djib.allowInsecureRegistries=true" in message


def test_an_unreachable_registry_is_named(app):
    port = free_port()
    message = refused(app, "jib:build", f"-Dimage=localhost:{port}/meridian:1", base=debian_base())
    assert f"The registry localhost:{port} gave no connection" in message


@pytest.mark.parametrize("registry", ["registry.invalid", "localhost:{port}", "127.0.0.1:{port}"])
def test_an_unreachable_base_image_names_the_workaround(app, registry):
    registry = registry.format(port=free_port())
    message = refused(app, "jib:buildTar", "-Dimage=meridian", base=f"{registry}/base@sha256:{'0' * 64}")
    assert f"The registry {registry} " in message
    assert "app/base /tmp/base.tar\n  export BASE=tar:///tmp/base.tar" in message


@pytest.mark.parametrize(
    "base, words",
    [
        ("/tmp/base.tar", "is no file"),
        (str(ROOT / "app/pom.xml"), f"BASE must be tar://{ROOT}/app/pom.xml, with the scheme"),
        ("tar://base.tar", "by its absolute path"),
    ],
)
def test_a_misspelt_base_file_is_explained(app, base, words):
    assert words in refused(app, "jib:buildTar", "-Dimage=meridian", base=base)


def test_a_proxy_is_for_jib_to_handle(app):
    done = run(
        *["mvn", "--batch-mode", "--quiet", "--file", app, "validate", "-Dimage=meridian",
            "-Dhttps.proxyHost=127.0.0.1"],
        env=environment(None, BASE="registry.invalid/base:1"),
    )
    assert done.returncode == 0, done.stdout
