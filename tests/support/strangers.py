"""Unchanged third-party services as images in Docker, without any image registry."""

import contextlib
import ipaddress
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

from support.emulators import Emulator
from support.images import output
from support.machine import CACHE, ROOT
from support.service import alone, free_port, jdk25

# https://github.com/stefanprodan/podinfo: a port, checks and settings of its own. Its tags are not Go versions.
PODINFO = "github.com/stefanprodan/podinfo/cmd/podinfo@v1.8.1-0.20250910200901-e86405a8674e"
# https://zipkin.io: Spring Boot with Actuator, all on one port.
ZIPKIN = "io.zipkin:zipkin-server:3.5.1:jar:exec"
SERVICES = ROOT / "tests/image/services"
# https://github.com/stac-utils/stac-fastapi-pgstac: FastAPI with PostgreSQL.
STAC = SERVICES / "requirements.txt"
USER = "1000:1000"


def imported(name, files, *changes):
    """Import an image of only these files, path in it to path here, into Docker; folders include their contents."""
    with tempfile.TemporaryFile() as layer:
        with tarfile.open(fileobj=layer, mode="w") as tar:
            for path, file in files.items():
                tar.add(os.path.realpath(file), path.lstrip("/"), filter=lean)
        layer.seek(0)
        # Other processes of the same tests have images of their own.
        name = f"{name}:rehearsal-{os.getpid()}"
        changes = [f"--change={change}" for change in (f"USER {USER}", *changes)]
        done = subprocess.run(["docker", "import", *changes, "-", name], stdin=layer, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    return name


def lean(entry):
    """Tar filter: leave out what no running program reads, and ignore who owns the files here."""
    entry.uid = entry.gid = 0
    entry.mode |= 0o444 | (0o111 if entry.isdir() else 0)
    unread = r"/(test|tests|idlelib|ensurepip|config-[^/]*|jmods|src\.zip|ct\.sym|[^/]*\.a)$"
    return None if re.search(unread, entry.name) else entry


def libraries(*programs):
    """Shared libraries that programs, or libraries in folders, are linked to, and their loader."""
    found = {}
    for path in programs:
        for each in [path] if path.is_file() else path.rglob("*.so*"):
            listed = subprocess.run(["ldd", each], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
            found |= {os.path.normpath(library): library for library in re.findall(r"(/\S+) \(0x", listed)}
    # Libraries in these folders come with the folders.
    return {path: file for path, file in found.items() if not any(path.startswith(f"{each}/") for each in programs)}


def podinfo():
    folder = CACHE / "go" / PODINFO.rpartition("@")[2]
    with alone("podinfo"):
        if not (folder / "podinfo").exists():
            output("go", "install", PODINFO, env={**os.environ, "CGO_ENABLED": "0", "GOBIN": str(folder)})
    return imported("podinfo", {"/home/app/service": folder / "podinfo"}, 'ENTRYPOINT ["/home/app/service"]')


def foreign(name="foreign"):
    with tempfile.TemporaryDirectory() as folder:
        server = pathlib.Path(folder, "service")
        output("go", "build", "-o", server, ROOT / "tests/image/foreign/main.go",
            env={**os.environ, "CGO_ENABLED": "0"})
        return imported(name, {"/service": server}, 'ENTRYPOINT ["/service"]')


def slow():
    return foreign("slow")


slowest = slow
PYTHON = os.path.realpath(sys.executable)


def python(name, files, *bound):
    """An image with this machine's Python; bound: what else is linked to shared libraries."""
    standard = pathlib.Path(sys.base_prefix, f"lib/python{sys.version_info.major}.{sys.version_info.minor}")
    kept = {f"{standard}/{each.name}": each for each in standard.iterdir() if not each.name.endswith("-packages")}
    return imported(name, {PYTHON: PYTHON, **kept, **files,
        **libraries(pathlib.Path(PYTHON), standard / "lib-dynload", *bound)}, "ENV PYTHONPATH=/app", "WORKDIR /app")


def stac():
    packages = CACHE / "stac" / f"{sys.version_info.major}.{sys.version_info.minor}-{STAC.stat().st_mtime_ns}"
    with alone("stac"):
        if not packages.exists():
            shutil.rmtree(packages.parent, ignore_errors=True)
            fresh = packages.with_suffix(".new")
            output(sys.executable, "-m", "pip", "install", "--quiet", "--target", fresh, "--requirement", STAC)
            fresh.rename(packages)
    return python("stac", {"/app": packages}, packages)


def tiny():
    return python("tiny", {"/app/tiny.py": SERVICES / "tiny.py"})


def zipkin():
    """This machine's Java, with a jar from Maven Central."""
    folder = CACHE / "zipkin"
    _, _, version, *_ = ZIPKIN.split(":")
    jar = folder / f"zipkin-server-{version}-exec.jar"
    with alone("zipkin"):
        if not jar.exists():
            output("mvn", "--quiet", "--batch-mode", "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy",
                f"-Dartifact={ZIPKIN}", f"-DoutputDirectory={folder}")
    java = jdk25()
    kept = {f"/java/{each}": java / each for each in ("bin/java", "conf", "lib", "release")}
    return imported("zipkin", {**kept, "/app/zipkin.jar": jar, **libraries(java / "bin/java", java / "lib")})


@contextlib.contextmanager
def database(folder):
    """PostgreSQL that containers can reach; yields a client's environment and password."""
    programs = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
    password, port = "kept-in-the-store", free_port()
    data = pathlib.Path(tempfile.mkdtemp(prefix="postgres"))  # where another user may read
    (data / "password").write_text(password)
    # PostgreSQL refuses to run as root.
    drop = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
    if drop:
        for path in (data, data / "password"):
            shutil.chown(path, "nobody", "nogroup")
    output(*drop, programs / "initdb", "--pgdata", data / "data", "--username=stac", "--auth-host=scram-sha-256",
        "--auth-local=trust", "--no-sync", f"--pwfile={data / 'password'}", cwd=data)
    with (data / "data/pg_hba.conf").open("a") as rules:
        rules.write("host all all all scram-sha-256\n")
    server = Emulator([*drop, programs / "postgres", "-D", data / "data", "-p", port, "-h", "0.0.0.0", "-k", data,
        "-F"], port, folder / "postgres.log")
    # All that the service calls of its extension.
    output("psql", "--quiet", "--host", data, "--port", str(port), "--username=stac", "postgres", "--command",
        "CREATE SCHEMA pgstac; CREATE FUNCTION pgstac.get_version() RETURNS text LANGUAGE sql AS 'SELECT ''0.9.8'''")
    # The bridge has the subnet's first address; an engine that has just created the network does not report it.
    subnet = output("docker", "network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Subnet}}")
    bridge = str(ipaddress.ip_network(subnet)[1])
    yield {"PGHOST": bridge, "PGPORT": str(port), "PGUSER": "stac", "PGDATABASE": "postgres"}, password
    server.process.send_signal(2)  # SIGINT: shut down even while clients are connected
    server.process.wait(20)
    shutil.rmtree(data)
