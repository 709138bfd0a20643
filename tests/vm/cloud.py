"""What a machine finds in a cloud: a metadata server, and a registry that requires a login.

The registry is a real one, behind a TLS server with the names of the clouds' registries. That server
admits only requests with the password that the cloud's login must produce.
"""

import base64
import contextlib
import http.client
import json
import pathlib
import urllib.parse

from support.certificates import issued
from support.fronts import Front, reply

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
    """Context manager. Listens on `address`: metadata on `metadata` (a port), everything else on 443."""

    def __init__(self, folder, address, registry):
        """registry: HOST:PORT of one that admits everybody."""
        self.folder = pathlib.Path(folder)
        self.address = address
        self.registry = registry
        self.seen = []  # (host, method, path, whether it was admitted)
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        self.authority, certificate, key = issued(self.folder, *USERS, VAULT, SECRETS, "hello.example.com")
        # Private key and chain in one file, as the proxy reads them.
        self.secret = certificate.read_text() + key.read_text()
        self.metadata = self.stack.enter_context(Front(metadata, address=self.address)).port
        self.stack.enter_context(Front(self.respond, (certificate, key), self.address, 443))
        return self

    def __exit__(self, *_):
        self.stack.close()

    def respond(self, request):
        host = request.headers["Host"].partition(":")[0]
        path = request.path.partition("?")[0]
        bearer = request.headers.get("Authorization") == f"Bearer {TOKEN}"
        if host == REGISTRIES["azure"] and path == "/oauth2/exchange":
            form = dict(urllib.parse.parse_qsl(request.body.decode()))
            wanted = {"grant_type": "access_token", "service": host, "access_token": TOKEN}
            return reply({"refresh_token": REFRESH}) if form == wanted else reply(form, 401)
        if host == VAULT and bearer and path == "/secrets/hello" and "api-version=" in request.path:
            return reply({"value": self.secret, "id": f"https://{host}{path}/1"})
        if host == SECRETS and bearer and path == "/v1/projects/p/secrets/hello/versions/1:access":
            data = base64.b64encode(self.secret.encode()).decode()
            # On several lines, as Google responds.
            return reply(json.dumps({"name": path, "payload": {"data": data}}, indent=2).encode())
        if host not in USERS:
            return reply({"error": f"{host}{path}"}, 403)
        known = "Basic " + base64.b64encode(USERS[host].encode()).decode()
        allowed = request.headers.get("Authorization") == known
        self.seen.append((host, request.method, path, allowed))
        if not allowed:
            return reply({"errors": [{"code": "UNAUTHORIZED"}]}, 401, WWW_Authenticate='Basic realm="registry"')
        behind = http.client.HTTPConnection(self.registry, timeout=60)
        behind.request(request.method, request.path, headers={"Accept": request.headers.get("Accept", "*/*")})
        response = behind.getresponse()
        kept = ("Content-Type", "Docker-Content-Digest", "Docker-Distribution-Api-Version", "Etag")
        return reply(response.read(), response.status,
            **{name.replace("-", "_"): response.headers[name] for name in kept if response.headers[name]})


def metadata(request):
    """https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service and
    https://cloud.google.com/compute/docs/metadata/overview: both require a header that no browser sends."""
    path, _, query = request.path.partition("?")
    asked = dict(urllib.parse.parse_qsl(query))
    known = asked.get("api-version") and asked.get("resource") in ("https://management.azure.com/",
        "https://vault.azure.net")
    if path == "/metadata/identity/oauth2/token" and request.headers.get("Metadata") == "true" and known:
        return reply({"access_token": TOKEN, "expires_in": "86399", "token_type": "Bearer"})
    token = "/computeMetadata/v1/instance/service-accounts/default/token"
    if path == token and request.headers.get("Metadata-Flavor") == "Google":
        return reply({"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"})
    return reply({"error": "who asks?"}, 403)
