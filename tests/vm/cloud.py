"""What a machine finds around it in a cloud: a metadata server, and a registry that asks who one is.

The registry is a real one; in front of it stands a TLS server with the names that the clouds give
theirs, which lets nobody through but with the password that this cloud's login must come up with.
"""

import base64
import contextlib
import http.client
import http.server
import json
import pathlib
import ssl
import subprocess
import threading
import urllib.parse

TOKEN = "eyJ0eXAi.of-the_machine.0"
REFRESH = "eyJyZWZy.of-the_registry.0"
ECR_PASSWORD = "cGFzc3dvcmQ="
REGISTRIES = {
    "aws": "123456789012.dkr.ecr.us-east-1.amazonaws.com",
    "azure": "meridiantest.azurecr.io",
    "gcp": "us-central1-docker.pkg.dev",
}
USERS = {
    REGISTRIES["aws"]: f"AWS:{ECR_PASSWORD}",
    REGISTRIES["azure"]: f"00000000-0000-0000-0000-000000000000:{REFRESH}",
    REGISTRIES["gcp"]: f"oauth2accesstoken:{TOKEN}",
}
VAULT = "meridiantest.vault.azure.net"
SECRETS = "secretmanager.googleapis.com"


class Cloud:
    """Context manager. Listens on `address`: metadata on `metadata` (a port), all else on 443."""

    def __init__(self, folder, address, registry):
        """registry: HOST:PORT of one that lets everybody in."""
        self.folder = pathlib.Path(folder)
        self.address = address
        self.registry = registry
        self.seen = []  # (host, method, path, whether it was let through)
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        self.authority, certificate, key = certificates(self.folder, [*USERS, VAULT, SECRETS, "hello.example.com"])
        # Private key and chain in one, as the proxy reads it.
        self.secret = certificate.read_text() + key.read_text()
        plain = self._serve((self.address, 0), Metadata)
        self.metadata = plain.server_address[1]
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
        self._serve((self.address, 443), Front, tls)
        return self

    def __exit__(self, *_):
        self.stack.close()

    def _serve(self, address, handler, tls=None):
        server = http.server.ThreadingHTTPServer(address, handler)
        server.cloud = self
        server.daemon_threads = True
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.stack.callback(server.server_close)
        self.stack.callback(server.shutdown)
        return server


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, **headers):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()


class Metadata(Handler):
    """https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service and
    https://cloud.google.com/compute/docs/metadata/overview: both want a header that no browser sends."""

    def do_GET(self):
        path, _, query = self.path.partition("?")
        asked = dict(urllib.parse.parse_qsl(query))
        known = asked.get("api-version") and asked.get("resource") in ("https://management.azure.com/", "https://vault.azure.net")
        if path == "/metadata/identity/oauth2/token" and self.headers.get("Metadata") == "true" and known:
            return self.answer(200, {"access_token": TOKEN, "expires_in": "86399", "token_type": "Bearer"})
        token = "/computeMetadata/v1/instance/service-accounts/default/token"
        if path == token and self.headers.get("Metadata-Flavor") == "Google":
            return self.answer(200, {"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"})
        return self.answer(403, {"error": "who asks?"})


class Front(Handler):
    def do_GET(self):
        host = self.headers["Host"].partition(":")[0]
        path = self.path.partition("?")[0]
        bearer = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        cloud = self.server.cloud
        if host == REGISTRIES["azure"] and path == "/oauth2/exchange":
            form = dict(urllib.parse.parse_qsl(self.body()))
            wanted = {"grant_type": "access_token", "service": host, "access_token": TOKEN}
            return self.answer(*((200, {"refresh_token": REFRESH}) if form == wanted else (401, form)))
        if host == VAULT and bearer and path == "/secrets/hello" and "api-version=" in self.path:
            return self.answer(200, {"value": cloud.secret, "id": f"https://{host}{path}/1"})
        if host == SECRETS and bearer and path == "/v1/projects/p/secrets/hello/versions/1:access":
            data = base64.b64encode(cloud.secret.encode()).decode()
            # As Google answers: on several lines.
            return self.answer(200, json.dumps({"name": path, "payload": {"data": data}}, indent=2).encode())
        if host not in USERS:
            return self.answer(403, {"error": f"{host}{path}"})
        known = "Basic " + base64.b64encode(USERS[host].encode()).decode()
        allowed = self.headers.get("Authorization") == known
        cloud.seen.append((host, self.command, path, allowed))
        if not allowed:
            return self.answer(401, {"errors": [{"code": "UNAUTHORIZED"}]}, WWW_Authenticate='Basic realm="registry"')
        behind = http.client.HTTPConnection(cloud.registry, timeout=60)
        behind.request(self.command, self.path, headers={"Accept": self.headers.get("Accept", "*/*")})
        answer = behind.getresponse()
        kept = ("Content-Type", "Docker-Content-Digest", "Docker-Distribution-Api-Version", "Etag")
        self.answer(answer.status, answer.read(), **{name: answer.headers[name] for name in kept if answer.headers[name]})

    do_HEAD = do_POST = do_GET


def certificates(folder, names):
    """Files of a new authority's certificate, and of a certificate and key for the names."""
    authority, certificate, key = folder / "authority.pem", folder / "certificate.pem", folder / "key.pem"
    openssl(
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"),
        *("-subj", "/CN=authority of a test", "-keyout", folder / "authority.key", "-out", authority),
    )
    openssl(
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"),
        *("-CA", authority, "-CAkey", folder / "authority.key", "-subj", f"/CN={names[0][:60]}"),
        *("-addext", "basicConstraints=critical,CA:FALSE"),
        *("-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names), "-keyout", key, "-out", certificate),
    )
    return authority, certificate, key


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
