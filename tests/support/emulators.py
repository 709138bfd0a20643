"""The three clouds' object stores on this machine, each with the endpoint that gives the service its identity.

Each is an emulator in a separate process behind a front, which adds what the emulator lacks. It lets S3's credentials
expire. Emulators of Cloud Storage require no token and ignore preconditions on reads, so the front demands the metadata
server's token and compares generations.
"""

import atexit
import base64
import contextlib
import datetime
import hashlib
import itertools
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

from support.certificates import issued, truststore
from support.fronts import Front, Response, upstream
from support.service import ROOT, alone, free_port

AZURITE = "azurite@3.37.0"  # about 200 MB
FAKE_GCS_SERVER = "1.56.1"
CACHE = ROOT / ".cache"


def npm(package):
    """Folder of the programs of npm's PACKAGE@VERSION, which is installed if needed."""
    folder = CACHE / "npm" / package.lstrip("@").replace("/", "-").replace("@", "-")
    with alone(folder.name):
        if not folder.exists():
            with _fresh(folder) as fresh:
                fresh.mkdir(parents=True)
                subprocess.run(
                    ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", fresh, package], check=True
                )
    return folder / "node_modules/.bin"


def fake_gcs_server():
    """Path of fake-gcs-server, which is compiled if needed; that takes some minutes."""
    folder = CACHE / "go" / f"fake-gcs-server-{FAKE_GCS_SERVER}"
    with alone("fake-gcs-server"):
        if not folder.exists():
            with _fresh(folder) as fresh:
                subprocess.run(
                    ["go", "install", f"github.com/fsouza/fake-gcs-server@v{FAKE_GCS_SERVER}"],
                    env=os.environ | {"GOBIN": str(fresh)},
                    check=True,
                )
    return folder / "fake-gcs-server"


@contextlib.contextmanager
def _fresh(folder):
    """A temporary folder beside it, which takes its place if the work succeeds."""
    fresh = folder.with_name(f"{folder.name}.{os.getpid()}")
    try:
        yield fresh
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


class Emulator:
    """A process that listens on a port."""

    def __init__(self, command, port, log, environment=None):
        self.command, self.port, self.log = [str(word) for word in command], port, log
        self.environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]} | (environment or {})
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, env=self.environment, stdout=log, stderr=subprocess.STDOUT)
        atexit.register(self.process.kill)  # if the setup fails
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{self.command[0]} did not start:\n{pathlib.Path(self.log).read_text()}")
            time.sleep(0.1)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self.process.kill()
        self.process.wait()


def blob_storage(folder, tls, accounts=None):
    """Start an empty Azurite. accounts: NAME:KEY; Azurite's well-known account by default."""
    port = free_port()
    command = [npm(AZURITE) / "azurite-blob", "--blobPort", port, "--location", folder / "azurite", "--oauth", "basic"]
    command += ["--cert", tls.certificate, "--key", tls.key, "--silent", "--disableTelemetry"]
    command += ["--skipApiVersionCheck"]  # the SDK may know a newer version than the emulator
    return Emulator(command, port, folder / "azurite.log", accounts and {"AZURITE_ACCOUNTS": accounts})


def cloud_storage(folder):
    """Start an empty fake-gcs-server."""
    port = free_port()
    command = [fake_gcs_server(), "-scheme", "http", "-host", "127.0.0.1", "-port", port]
    command += ["-backend", "memory", "-public-host", f"127.0.0.1:{port}", "-log-level", "warn"]
    return Emulator(command, port, folder / "gcs.log")


def docker_registry(folder):
    """Start an empty image registry on plain HTTP."""
    port = free_port()
    config = folder / "registry.yml"
    config.write_text(f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {folder / 'images'}}}}}\nhttp: "
        f"{{addr: '127.0.0.1:{port}'}}\n")
    return Emulator(["docker-registry", "serve", config], port, folder / "registry.log")


def push(folder, registry, text):
    """Push an image that holds only a text; return it as REPOSITORY@DIGEST."""
    blobs = folder / "blobs/sha256"
    blobs.mkdir(parents=True, exist_ok=True)

    def blob(data):
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"digest": f"sha256:{digest}", "size": len(data)}

    media = "application/vnd.oci.image"
    settings = {"architecture": "amd64", "os": "linux", "config": {"Labels": {"text": text}},
        "rootfs": {"type": "layers", "diff_ids": []}}
    config = {"mediaType": f"{media}.config.v1+json", **blob(json.dumps(settings).encode())}
    manifest = blob(json.dumps({"schemaVersion": 2, "mediaType": f"{media}.manifest.v1+json", "config": config,
        "layers": []}).encode())
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (folder / "index.json").write_text(
        json.dumps({"schemaVersion": 2, "manifests": [{"mediaType": f"{media}.manifest.v1+json", **manifest}]}))
    subprocess.run(["skopeo", "copy", "--quiet", "--dest-tls-verify=false", f"oci:{folder}",
        f"docker://{registry}/someone/meridian:commit"], check=True)
    return f"{registry}/someone/meridian@{manifest['digest']}"


class Cloud:
    """Base of the three. A token is whatever the service proves its identity with.

    A cloud defines `token` and `respond`, which return the Response to a Request for a token and for an object.
    """

    name: str
    location: str
    secret: str  # that the service sends to the token endpoint; may be empty
    found = 200  # status for an existing document

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.documents = {}
        self.issued = {}  # token to its expiry, in seconds since 1970
        self.secrets = {self.secret} - {""}  # must never be in a log
        self.lifetime = 3600  # seconds, of tokens issued from now on
        self.admitted = True  # whether those give access to the store
        self.numbers = itertools.count(1)
        self.tokens = Front(self.token)
        self.tls = issued(folder, "127.0.0.1")
        self.front = Front(self.respond, self.tls[1:])
        # Options for the service's JVM.
        self.java = (f"-Djavax.net.ssl.trustStore={truststore(self.tls, 'changeit')}",
            "-Djavax.net.ssl.trustStorePassword=changeit")

    def respond(self, request):
        return self.ask(request)

    @staticmethod
    def condition(request):
        """The version that the client already has, whose body it does not want."""
        return request.headers["If-None-Match"]

    def put(self, name, body):
        self.documents[name] = body
        self.store(f"{name}.json", body)

    def kill(self):
        """Kill the emulator and close the front's port."""
        self.emulator.kill()
        self.front.vanish()

    def start_again(self):
        """After `kill`, with the same documents."""
        self.front.listen()
        self.emulator.start()
        self.prepare()
        for name, body in self.documents.items():
            self.store(f"{name}.json", body)

    def heal(self):
        self.front.heal()
        self.tokens.heal()
        self.lifetime, self.admitted = 3600, True

    def stop(self):
        self.front.stop()
        self.tokens.stop()
        self.emulator.stop()

    def expired(self, token):
        return self.issued.get(token, 0) < time.time()

    def seen(self, name):
        """Requests that the front received for a document."""
        return [it for it in self.front.seen if it.request.path.split("?")[0].endswith(f"/{name}.json")]


class S3(Cloud):
    """moto, which checks signatures and policies here, and ECS's endpoint for a task's credentials.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
    """

    name = "s3"
    location = "s3://documents"
    elsewhere = "s3://no-such-bucket"
    secret = "authorization-of-the-task"

    def __init__(self, folder):
        super().__init__(folder)
        port = free_port()
        # Starts without these checks, so that it can be set up; `prepare` turns them on.
        command = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", port]
        self.emulator = Emulator(command, port, self.folder / "moto.log")
        self.ask = upstream(port)
        self.prepare()

    def client(self, service, key="admin", secret="admin"):
        import boto3

        return boto3.session.Session(key, secret, region_name="eu-central-1").client(
            service, endpoint_url=f"http://127.0.0.1:{self.emulator.port}"
        )

    def prepare(self):
        self.authorise("inf")
        iam = self.client("iam")
        admin = iam.create_user(UserName="admin")["User"]["Arn"]
        self.rights(iam.put_user_policy, UserName="admin", allowed={"*": "*"})
        key = iam.create_access_key(UserName="admin")["AccessKey"]
        trust = {"Effect": "Allow", "Principal": {"AWS": admin}, "Action": "sts:AssumeRole"}
        for role in ("reader", "stranger"):
            iam.create_role(
                RoleName=role, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
            )
        bucket = "arn:aws:s3:::documents"
        reading = {"s3:GetObject": f"{bucket}/*", "s3:ListBucket": bucket}
        self.rights(iam.put_role_policy, RoleName="reader", allowed=reading)
        self.s3 = self.client("s3", key["AccessKeyId"], key["SecretAccessKey"])
        self.sts = self.client("sts", key["AccessKeyId"], key["SecretAccessKey"])
        self.authorise("0")
        self.s3.create_bucket(Bucket="documents", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})

    @staticmethod
    def rights(put, allowed, **who):
        statements = [{"Effect": "Allow", "Action": action, "Resource": on} for action, on in allowed.items()]
        put(
            PolicyName="rights",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
            **who,
        )

    def authorise(self, after):
        """Check from which call on, "inf" for never: https://docs.getmoto.org/en/latest/docs/iam.html"""
        url = f"http://127.0.0.1:{self.emulator.port}/moto-api/reset-auth"
        urllib.request.urlopen(urllib.request.Request(url, after.encode(), {"Content-Type": "text/plain"})).close()

    def start_again(self):
        super().start_again()
        self.authorise("inf")  # moto has forgotten the role's sessions; S3 would not

    def store(self, key, body):
        self.s3.put_object(Bucket="documents", Key=key, Body=body)

    def environment(self):
        return {
            "MERIDIAN_DOCUMENTS_LOCATION": self.location,
            "MERIDIAN_DOCUMENTS_ENDPOINT": f"https://127.0.0.1:{self.front.port}",
            "AWS_REGION": "eu-central-1",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{self.tokens.port}/credentials",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": self.secret,
        }

    def token(self, request):
        if request.headers["Authorization"] != self.secret:
            return Response(403)
        role = "reader" if self.admitted else "stranger"
        given = self.sts.assume_role(
            RoleArn=f"arn:aws:iam::123456789012:role/{role}", RoleSessionName=f"task{next(self.numbers)}"
        )["Credentials"]
        ends = int(time.time()) + self.lifetime
        self.issued[given["SessionToken"]] = ends
        self.secrets |= {given["SessionToken"], given["SecretAccessKey"], given["AccessKeyId"]}
        payload = {name: given[name] for name in ("AccessKeyId", "SecretAccessKey")} | {
            "Token": given["SessionToken"],
            "Expiration": datetime.datetime.fromtimestamp(ends, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return Response(200, json.dumps(payload).encode(), (("Content-Type", "application/json"),))

    def respond(self, request):
        """Let credentials expire, unlike moto: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"""
        if self.expired(request.headers["X-Amz-Security-Token"]):
            return Response(400, b"<Error><Code>ExpiredToken</Code></Error>", (("Content-Type", "application/xml"),))
        return self.ask(request)


class Blob(Cloud):
    """Azurite over TLS with OAuth, and the endpoint of a managed identity.

    https://learn.microsoft.com/azure/container-apps/managed-identity#connect-to-azure-services-in-app-code
    """

    name = "blob"
    location = "azblob://devstoreaccount1.blob.core.windows.net/documents"
    elsewhere = "azblob://devstoreaccount1.blob.core.windows.net/no-such-container"
    secret = "header-of-the-identity"
    found = 206  # the SDK asks for a range
    client_id = "11111111-2222-3333-4444-555555555555"

    def __init__(self, folder):
        super().__init__(folder)
        self.emulator = blob_storage(self.folder, self.tls)
        self.context = ssl.create_default_context(cafile=self.tls.authority)
        self.ask = upstream(self.emulator.port, self.tls.authority)
        self.prepare()

    def prepare(self):
        with contextlib.suppress(FileExistsError):
            self.call("PUT", "documents?restype=container")

    def store(self, key, body):
        self.call("PUT", f"documents/{key}", body, {"x-ms-blob-type": "BlockBlob"})

    def call(self, method, path, body=b"", headers=None):
        request = urllib.request.Request(
            f"https://127.0.0.1:{self.emulator.port}/devstoreaccount1/{path}",
            body,
            {"Authorization": f"Bearer {self.jwt(600)}", "x-ms-version": "2024-11-04"} | (headers or {}),
            method=method,
        )
        try:
            urllib.request.urlopen(request, context=self.context, timeout=30).close()
        except urllib.error.HTTPError as refused:
            if refused.code == 409:
                raise FileExistsError(path) from None
            raise AssertionError(refused.read()) from None

    def jwt(self, lifetime, audience="https://storage.azure.com"):
        """A token for Azurite, which checks the claims but not the signature."""
        now = int(time.time())
        claims = {"aud": audience, "iss": "https://sts.windows.net/test/", "iat": now, "nbf": now - 5}
        claims |= {"exp": now + lifetime, "jti": next(self.numbers)}
        parts = ({"alg": "RS256", "typ": "JWT"}, claims, "no signature")
        encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
        return ".".join(encoded)

    def environment(self):
        return {
            "MERIDIAN_DOCUMENTS_LOCATION": self.location,
            "MERIDIAN_DOCUMENTS_ENDPOINT": f"https://127.0.0.1:{self.front.port}/devstoreaccount1",
            "AZURE_CLIENT_ID": self.client_id,
            "IDENTITY_ENDPOINT": f"http://127.0.0.1:{self.tokens.port}/msi/token",
            "IDENTITY_HEADER": self.secret,
        }

    def token(self, request):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(request.path).query))
        wanted = {"resource": "https://storage.azure.com", "client_id": self.client_id}
        if not self.is_entitled(request) or not wanted.items() <= query.items():
            return Response(400, json.dumps({"statusCode": 400, "message": f"{query}"}).encode())
        token = self.jwt(self.lifetime, wanted["resource"] if self.admitted else "https://vault.azure.net")
        self.issued[token] = int(time.time()) + self.lifetime
        self.secrets.add(token)
        payload = {
            "access_token": token,
            "expires_on": str(self.issued[token]),
            "resource": wanted["resource"],
            "token_type": "Bearer",
            "client_id": self.client_id,
        }
        return Response(200, json.dumps(payload).encode(), (("Content-Type", "application/json"),))

    def is_entitled(self, request):
        return request.headers["X-IDENTITY-HEADER"] == self.secret


class BlobFromMachine(Blob):
    """Azurite, and the metadata server of a virtual machine.

    https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
    """

    secret = ""

    def environment(self):
        given = {name: value for name, value in super().environment().items() if not name.startswith("IDENTITY_")}
        return given | {"AZURE_POD_IDENTITY_AUTHORITY_HOST": f"http://127.0.0.1:{self.tokens.port}"}

    def is_entitled(self, request):
        return request.headers["Metadata"] == "true"


class Gcs(Cloud):
    """fake-gcs-server, and the metadata server of Google's machines.

    https://cloud.google.com/compute/docs/metadata/predefined-metadata-keys
    """

    name = "gcs"
    location = "gs://documents"
    secret = ""

    def __init__(self, folder):
        super().__init__(folder)
        self.emulator = cloud_storage(self.folder)
        self.ask = upstream(self.emulator.port)
        self.prepare()

    def prepare(self):
        self.call("/storage/v1/b?project=test", json.dumps({"name": "documents"}).encode())

    def store(self, key, body):
        self.call(f"/upload/storage/v1/b/documents/o?uploadType=media&name={key}", body)

    def call(self, path, body):
        url = f"http://127.0.0.1:{self.emulator.port}{path}"
        urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/json"})).close()

    def environment(self):
        return {
            "MERIDIAN_DOCUMENTS_LOCATION": self.location,
            "MERIDIAN_DOCUMENTS_ENDPOINT": f"https://127.0.0.1:{self.front.port}",
            "GCE_METADATA_HOST": f"127.0.0.1:{self.tokens.port}",
        }

    def token(self, request):
        path = urllib.parse.urlsplit(request.path).path
        flavor = (("Metadata-Flavor", "Google"), ("Content-Type", "application/json"))
        if request.headers["Metadata-Flavor"] != "Google":
            return Response(403, b"", flavor)
        if path != "/computeMetadata/v1/instance/service-accounts/default/token":
            return Response(404, b"", flavor)
        token = f"ya29.{'a' if self.admitted else 'x'}{next(self.numbers):040}"
        self.issued[token] = int(time.time()) + self.lifetime
        self.secrets.add(token)
        payload = {"access_token": token, "expires_in": self.lifetime, "token_type": "Bearer"}
        return Response(200, json.dumps(payload).encode(), flavor)

    def respond(self, request):
        """Check tokens and preconditions, which the emulator does not.

        https://cloud.google.com/storage/docs/json_api/v1/status-codes
        https://cloud.google.com/storage/docs/request-preconditions
        """
        token = (request.headers["Authorization"] or "").removeprefix("Bearer ")
        if self.expired(token):
            return Response(401, b"Invalid Credentials")
        if token.startswith("ya29.x"):
            return Response(403, b"The caller does not have storage.objects.get access")
        response = self.ask(request)
        if response.status == 200 and self.condition(request) == dict(response.headers).get("X-Goog-Generation"):
            return Response(304)
        return response

    @staticmethod
    def condition(request):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(request.path).query))
        return query.get("ifGenerationNotMatch")


CLOUDS = {cloud.name: cloud for cloud in (S3, Blob, Gcs)}
