"""The compared servers: our service and its peers, each installed and started as its authors advise."""

from __future__ import annotations

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
from typing import Callable, NamedTuple

import image

HERE = pathlib.Path(__file__).resolve().parent
CACHE = image.ROOT / ".cache/bench"


class Server(NamedTuple):
    name: str
    label: str
    command: Callable[[int], list[str]]
    folder: pathlib.Path
    environment: dict[str, str] = {}
    jit: bool = False


class Missing(Exception):
    """The machine lacks what a peer needs."""


def meridian(command, folder):
    """The image, and the same without its cache, by leaving out the JVM flag."""
    environment = {"MERIDIAN_ADMIN_PORT": "0", "MERIDIAN_ACCESS_LOG": "off", "MERIDIAN_DRAIN_DELAY": "0s"}
    without = [word for word in command if not word.startswith("-XX:AOTCache=")]
    if without == command:
        raise SystemExit("This image has no AOT cache: build it on x86-64 Linux with glibc.")
    # In production the JVM runs without a cache that it rejects; here that would go unnoticed.
    strict = command[:1] + ["-XX:AOTMode=on"] + command[1:]
    return [
        Server("meridian", "Meridian", lambda port: strict, folder, environment, jit=True),
        Server("no-cache", "Meridian without its AOT cache", lambda port: without, folder, environment, jit=True),
    ]


def go(limits):
    tool = need("go", "https://go.dev/dl/")
    folder = prepare("go", lambda folder: run([tool, "build", "-o", "peer", "."], folder))
    version = output([tool, "env", "GOVERSION"]).removeprefix("go")
    return [Server("go", f"Go {version} net/http", lambda port: ["./peer"], folder)]


def fastapi(limits):
    """One process, as https://fastapi.tiangolo.com/deployment/docker/ advises if a platform scales."""
    folder = prepare("fastapi", install_python)

    def command(port):
        return ["venv/bin/uvicorn", "peer:app", "--port", str(port), "--no-access-log", "--log-level", "warning",
                "--loop", "uvloop", "--http", "httptools"]

    label = f"FastAPI {pinned(folder, 'fastapi')}, uvicorn {pinned(folder, 'uvicorn')}"
    return [Server("fastapi", label, command, folder)]


def flask(limits):
    """One process with threads, as https://cloud.google.com/run/docs/tips/python advises for one CPU.

    Gunicorn's own default, 2 x cores + 1 processes that close each connection, took 50 % more CPU for a request.
    """
    folder = prepare("flask", install_python)

    def command(port):
        return ["venv/bin/gunicorn", "peer:app", "--bind", f"127.0.0.1:{port}", "--workers", "1",
                "--threads", "8", "--log-level", "warning"]

    label = f"Flask {pinned(folder, 'flask')}, gunicorn {pinned(folder, 'gunicorn')}"
    return [Server("flask", label, command, folder)]


def spring(limits):
    """Unpacked, and also with an AOT cache: https://docs.spring.io/spring-boot/reference/packaging/aot-cache.html."""
    mvn = need("mvn", "https://maven.apache.org/download.cgi")
    home = jdk25()
    java = str(home / "bin/java")

    def install(folder):
        run([mvn, "--batch-mode", "--no-transfer-progress", "--quiet", "package"], folder, {"JAVA_HOME": str(home)})
        run([java, "-Djarmode=tools", "-jar", "target/peer.jar", "extract", "--destination", "app"], folder)
        run([java, "-XX:AOTCacheOutput=peer.aot", "-Dspring.context.exit=onRefresh", "-jar", "app/peer.jar"],
            folder, {"PORT": "0", **limits.environment()}, limits.apply)

    folder = prepare("spring", install)
    version = re.search(r"<parent>.*?<version>(.*?)</version>", (folder / "pom.xml").read_text(), re.DOTALL)[1]
    label = f"Spring Boot {version}"
    return [
        Server("spring", label, lambda port: [java, "-jar", "app/peer.jar"], folder, jit=True),
        Server("spring-aot", f"{label} with an AOT cache",
               lambda port: [java, "-XX:AOTCache=peer.aot", "-XX:AOTMode=on", "-jar", "app/peer.jar"], folder,
               jit=True),
    ]


PEERS = {"go": go, "fastapi": fastapi, "flask": flask, "spring": spring}


def prepare(name, install):
    """Install a copy of the peer's sources; again if they, this file or Python have changed."""
    sources = sorted(path for path in (HERE / "peers" / name).rglob("*") if path.is_file())
    stamp = hashlib.sha256(sys.version.encode() + pathlib.Path(__file__).read_bytes())
    for path in sources:
        stamp.update(path.read_bytes())
    folder = CACHE / name
    if (folder / "stamp").is_file() and (folder / "stamp").read_text() == stamp.hexdigest():
        return folder
    print(f"Installing {name}", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(HERE / "peers" / name, folder)
    install(folder)
    (folder / "stamp").write_text(stamp.hexdigest())
    return folder


def install_python(folder):
    run([sys.executable, "-m", "venv", "venv"], folder)
    run(["venv/bin/pip", "install", "--quiet", "--requirement", "requirements.txt"], folder)


def pinned(folder, package):
    return re.search(rf"^{package}==(\S+)", (folder / "requirements.txt").read_text(), re.MULTILINE)[1]


def jdk25():
    done = subprocess.run([image.ROOT / "scripts/jdk"], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise Missing("a JDK 25 is missing, see above")
    return pathlib.Path(done.stdout.strip())


def need(tool, where):
    path = shutil.which(tool)
    if not path:
        raise Missing(f"{tool} is missing: {where}")
    return path


def output(command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def run(command, folder, environment=None, before=None):
    result = subprocess.run(command, cwd=folder, env={**os.environ, **(environment or {})}, preexec_fn=before,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode:
        raise SystemExit(f"{' '.join(command)} failed with {result.returncode}:\n{result.stdout}")
