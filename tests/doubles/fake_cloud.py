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
    """Classpath of the compiled doubles, and of Jackson as the service has it, which Maven fetched."""
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
    """A running double. A program that is started with `environment` reaches it instead of the internet."""

    def __init__(self, cloud, folder, hosts):
        """cloud: name of the Java class; folder: for key and certificate; hosts: names, or *.names, to stand in for."""
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
            # Azure's provider waits ten seconds before it asks whether an operation is done; here it is done at once.
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
        """Requests so far: method, host, path, query, body, status, and the response if it was a refusal."""
        return self._control("/requests")

    def resources(self):
        """All resources that are stored."""
        return self._control("/resources")

    def order(self, name, /, **details):
        """Make the double do something that a cloud does on its own."""
        return self._control(f"/orders/{name}", details)

    def trust(self):
        return ssl.create_default_context(cafile=self.certificate)

    def ask(self, method, url, body=None, headers=None):
        """Send a request to the cloud itself; return its status and JSON."""
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
