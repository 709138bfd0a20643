"""The states that the bootstrap of Azure keeps: its own output, its own moving, on Azurite behind Azure's names.

A proxy of ours stands for the internet: whoever asks for a storage account by its name is led to Azurite.
"""

import base64
import json
import os
import select
import shutil
import socket
import socketserver
import ssl
import stat
import subprocess
import sys
import threading
import time
import urllib.request

import pytest
from cloud_echo import SOURCES, Echo
from emulators import Emulator, azurite, free_port
from state_story import Story

from conftest import ROOT

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "azurerm", "jdk", "npm")]


class Tunnel(socketserver.StreamRequestHandler):
    """CONNECT to a storage account ends at Azurite, any other at the double of Azure."""

    def handle(self):
        host = self.rfile.readline().split()[1].decode()
        while self.rfile.readline().strip():
            pass
        port = self.server.azurite if host.split(":")[0].endswith(".blob.core.windows.net") else None
        upstream = socket.create_connection(("127.0.0.1", port or self.server.echo), 10)
        if not port:
            upstream.sendall(f"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += upstream.recv(1)
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.wfile.flush()
        ends = {self.connection: upstream, upstream: self.connection}
        while True:
            for end in select.select(list(ends), [], [], 60)[0]:
                data = end.recv(65536)
                if not data:
                    upstream.close()
                    return
                ends[end].sendall(data)


class Proxy(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def storage_token():
    """Azurite reads the claims and leaves the signature alone."""
    now = int(time.time())
    claims = {"aud": "https://storage.azure.com", "iss": "https://sts.windows.net/test/", "iat": now, "nbf": now - 60, "exp": now + 3600}
    parts = ({"alg": "RS256", "typ": "JWT"}, claims, "no signature")
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)


AZ = """#!{python}
import datetime, json, subprocess, sys
words = " ".join(sys.argv)
if "get-access-token" in words and "storage.azure.com" in words:
    print(json.dumps({{"accessToken": "{token}", "tokenType": "Bearer", "tenant": "55555555-1111-2222-3333-444444444444",
        "expiresOn": (datetime.datetime.now() + datetime.timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S.%f"),
        "expires_on": int((datetime.datetime.now() + datetime.timedelta(hours=1)).timestamp())}}))
else:
    sys.exit(subprocess.run(["{az}", *sys.argv[1:]]).returncode)
"""


@pytest.fixture
def story(tmp_path):
    echo = Echo("Arm", tmp_path, ["management.azure.com", "*.blob.core.windows.net"])
    key, certificate = tmp_path / "azurite.key", tmp_path / "azurite.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=azurite", "-keyout", key, "-out", certificate]
        + ["-addext", "subjectAltName=DNS:*.blob.core.windows.net"],
        check=True,
        capture_output=True,
    )
    root = tmp_path / "clone"
    for folder in ("scripts", "modules/azure", "stacks/bootstrap/azure", "stacks/azure"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*", "tests", "__pycache__"))
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    az = bin_folder / "az"
    az.write_text(AZ.format(python=sys.executable, token=storage_token(), az=SOURCES / "bin/az"))
    az.chmod(az.stat().st_mode | stat.S_IXUSR)
    trusted = tmp_path / "trusted.pem"
    trusted.write_text(certificate.read_text() + echo.certificate.read_text())
    proxy = Proxy(("127.0.0.1", 0), Tunnel)
    proxy.echo = echo.ports["proxy"]
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{proxy.server_address[1]}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("TF_", "ARM_"))},
        **echo.environment,
        "HTTPS_PROXY": address,
        "https_proxy": address,
        "SSL_CERT_FILE": str(trusted),
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
        "TF_IN_AUTOMATION": "1",
    }
    started = []

    def start(account):
        port = free_port()
        command = [azurite(), "--blobPort", port, "--location", tmp_path / "azurite", "--oauth", "basic", "--cert", certificate, "--key", key]
        command += ["--silent", "--disableTelemetry", "--skipApiVersionCheck"]
        secret = base64.b64encode(b"nothing secret at all, of sixty-four bytes or so, for an emulator").decode()
        started.append(Emulator(command, port, tmp_path / "azurite.log", {"AZURITE_ACCOUNTS": f"{account}:{secret}"}))
        proxy.azurite = port

    yield Story(root, "azure", environment), start
    for emulator in started:
        emulator.stop()
    proxy.shutdown()
    proxy.server_close()
    echo.stop()


def test_states_move_to_the_container_where_a_second_writer_is_refused(story):
    story, start = story
    story.in_small()
    folder = story.root / "stacks/bootstrap/azure"
    story.terraform("init", "-input=false", folder=folder)
    story.terraform("plan", "-input=false", "-out=bootstrap.tfplan", folder=folder)
    shown = json.loads(story.terraform("show", "-json", "bootstrap.tfplan", folder=folder).stdout)
    backends = shown["planned_values"]["outputs"]["backend"]["value"]
    assert sorted(backends) == ["stacks/azure", "stacks/bootstrap/azure", "stacks/vm/azure"]
    account = backends["stacks/azure"].split('storage_account_name = "')[1].split('"')[0]

    start(account)
    container = urllib.request.Request(
        f"https://{account}.blob.core.windows.net/state?restype=container", b"", method="PUT",
        headers={"Authorization": f"Bearer {storage_token()}", "x-ms-version": "2024-11-04"},
    )  # fmt: skip
    opened(story, container)
    code = f"from meridian.bootstrap import *\nb = Bootstrap('azure')\nb.move(b.root / 'stacks/azure', {backends['stacks/azure']!r})"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**story.environment, "PYTHONPATH": str(story.root / "scripts"), "PYTHONDONTWRITEBYTECODE": "1"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout
    assert story.notes() == ["first", "of staging"]
    story.second_writer()


def opened(story, request):
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({"https": story.environment["HTTPS_PROXY"]}),
        urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=story.environment["SSL_CERT_FILE"])),
    )
    opener.open(request, timeout=30).close()
