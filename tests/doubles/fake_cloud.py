"""Starts a double of a cloud, tests/doubles/clouds/*.java, and talks to it."""

import functools
import hashlib
import json
import os
import pathlib
import ssl
import subprocess
import urllib.error
import urllib.request

from support import service
from support.certificates import issued, keystore

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ROOT / "tests/doubles/clouds"
PASSWORD = "nothing-secret"


@functools.cache
def classpath():
    """The compiled doubles, and Jackson as the service has it: Maven fetched that. Java runs no program of several
    files from source."""
    jackson = [jar for jar in service.compiled()[3].split(":") if "jackson" in jar]
    sources = sorted(SOURCES.glob("*.java"))
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]
    classes = ROOT / ".cache/fake-cloud" / digest
    with service.alone("fake-cloud"):
        if not classes.exists():
            fresh = classes.with_suffix(f".{os.getpid()}")
            subprocess.run(["javac", "--release", "17", "-cp", ":".join(jackson), "-d", fresh, *sources], check=True)
            fresh.rename(classes)
    return ":".join([str(classes), *jackson])


class FakeCloud:
    """A running double. What is started with `environment` finds it in place of the internet."""

    def __init__(self, cloud, folder, hosts):
        """cloud: name of the Java class; folder: for key and certificate; hosts: names, or *.names, it stands for."""
        folder = pathlib.Path(folder)
        files = issued(folder, "localhost", *hosts)
        with open(folder / "fake-cloud.log", "w") as log:
            self.process = subprocess.Popen(
                ["java", "-cp", classpath(), "-XX:TieredStopAtLevel=1", cloud, keystore(files, PASSWORD), PASSWORD],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.ports = json.loads(self.process.stdout.readline())
        proxy = f"http://127.0.0.1:{self.ports['proxy']}"
        self.environment = {
            "HTTPS_PROXY": proxy,
            "https_proxy": proxy,
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            "SSL_CERT_FILE": str(files.authority),
            "CURL_CA_BUNDLE": str(files.authority),
            "CHECKPOINT_DISABLE": "1",
            # Azure's provider waits ten seconds before it asks whether something is done, which here it is at once.
            "GO_AZURE_SDK_SKIP_POLLING_DELAY": "true",
        }
        self.certificate = files.authority

    def _control(self, path, details=None):
        data = None if details is None else json.dumps(details).encode()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{self.ports['control']}{path}", data, timeout=30) as response:
            body = response.read()
        return json.loads(body) if body else None

    def requests(self):
        """What was asked so far: method, host, path, query, body, status, and the answer to what was refused."""
        return self._control("/requests")

    def resources(self):
        """What is stored."""
        return self._control("/resources")

    def order(self, name, /, **details):
        """Tells the double to do something that a cloud does of its own."""
        return self._control(f"/orders/{name}", details)

    def trust(self):
        return ssl.create_default_context(cafile=self.certificate)

    def ask(self, method, url, body=None, headers=None):
        """A request to the cloud itself; its status and JSON."""
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({"https": self.environment["HTTPS_PROXY"]}),
            urllib.request.HTTPSHandler(context=self.trust()),
        )
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})},
            method=method)
        try:
            with opener.open(request, timeout=30) as response:
                status, text = response.status, response.read()
        except urllib.error.HTTPError as refused:
            status, text = refused.code, refused.read()
        return status, json.loads(text) if text else None

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
