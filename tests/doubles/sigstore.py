"""A double of Sigstore and of GitHub's tokens. It issues what cosign requests, and cosign judges it.

It stands in for three services: the certificate authority (Fulcio), its log of certificates, and the log of signatures
(Rekor). Each log has a single entry, which is also its tree. How the authority names a workflow:
https://github.com/sigstore/fulcio/blob/main/docs/oidc.md#github
"""

import base64
import datetime
import hashlib
import json
import struct
import time
import urllib.parse

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier
from support.fronts import Front, reply

ISSUER = "https://token.actions.githubusercontent.com"
# https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
ISSUER_EXTENSION = ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
COMMIT_EXTENSION = ObjectIdentifier("1.3.6.1.4.1.57264.1.3")
# https://www.rfc-editor.org/rfc/rfc6962#section-3.3
CERTIFICATE_LOG_EXTENSION = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
SHA256 = ec.ECDSA(hashes.SHA256())


def encoded(data):
    return base64.b64encode(data).decode()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def public(key):
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def utf8_string(text):
    data = text.encode()
    assert len(data) < 128
    return b"\x0c" + bytes([len(data)]) + data


class Sigstore:
    """A process with `environment` counts as a job of a workflow; `services` and `trusted` are files for cosign."""

    def __init__(self, folder, **keys):
        """keys: those to share with another double, from its `keys`."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.keys = {name: ec.generate_private_key(ec.SECP256R1())
            for name in ("authority", "certificates", "signatures")} | keys
        self.authority, self.certificates, self.signatures = self.keys.values()
        now = datetime.datetime.now(datetime.timezone.utc)
        self.start = now - datetime.timedelta(hours=1)
        self.name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "double"),
            x509.NameAttribute(NameOID.COMMON_NAME, "sigstore")])
        self.root = (
            self.template(self.name, self.authority.public_key(), now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage(key_cert_sign=True, crl_sign=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.authority.public_key()), critical=False)
            .sign(self.authority, hashes.SHA256())
        )
        self.commit = "0" * 40  # of the run
        self.workflow = None  # of the token: OWNER/NAME/.github/workflows/FILE@REF
        self.tokens = {}  # issued, with the claims in each
        self.entries = 0
        self.front = Front(self.respond)
        self.url, self.stop = self.front.url, self.front.stop
        self.environment = {"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-job",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.url}/token?api-version=2"}
        self.trusted = self.write("trusted-root.json", self.trusted_root())
        self.services = self.write("services.json", self.signing_config("rekorTlogUrls"))
        self.services_without_log = self.write("services-without-log.json", self.signing_config())

    def respond(self, request):
        address, who = urllib.parse.urlsplit(request.path), request.headers["Authorization"]
        if address.path == "/token" and who == "bearer of-the-job":
            return reply(self.token(urllib.parse.parse_qs(address.query)["audience"][0]))
        if address.path == "/api/v2/signingCert":
            return reply(self.certificate(who.removeprefix("Bearer "), json.loads(request.body)))
        if address.path == "/api/v1/log/entries":
            entered = self.enter_signature(json.loads(request.body))
            return reply(entered, 201, ETag=next(iter(entered)))
        return reply({"message": "no such job, or no such service"}, 403)

    def write(self, name, content):
        file = self.folder / name
        file.write_text(json.dumps(content))
        return file

    def template(self, subject, key, end):
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key)
        return builder.serial_number(x509.random_serial_number()).not_valid_before(self.start).not_valid_after(end)

    def trusted_root(self):
        """https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_trustroot.proto"""
        valid = {"start": self.start.strftime("%Y-%m-%dT%H:%M:%SZ")}

        def log(key):
            details = {"rawBytes": encoded(public(key)), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": valid}
            return {"baseUrl": self.url, "hashAlgorithm": "SHA2_256", "publicKey": details,
                "logId": {"keyId": encoded(hashlib.sha256(public(key)).digest())}}

        certificate = {"rawBytes": encoded(self.root.public_bytes(serialization.Encoding.DER))}
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log(self.signatures)],
            "ctlogs": [log(self.certificates)],
            "certificateAuthorities": [
                {
                    "subject": {"organization": "double", "commonName": "sigstore"},
                    "uri": self.url,
                    "certChain": {"certificates": [certificate]},
                    "validFor": valid,
                }
            ],
        }

    def signing_config(self, *more):
        service = {"url": self.url, "majorApiVersion": 1,
            "validFor": {"start": self.start.strftime("%Y-%m-%dT%H:%M:%SZ")}, "operator": "double"}
        kinds = ("caUrls", "oidcUrls", *more)
        config = {"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            **{kind: [service] for kind in kinds}}
        return {**config, "rekorTlogConfig": {"selector": "ANY"}} if more else config

    def token(self, audience):
        """A token as GitHub gives it to a job, without the signature, which only the authority would check."""
        claims = {"iss": ISSUER, "aud": audience, "sub": f"repo:{self.workflow}", "job_workflow_ref": self.workflow,
            "sha": self.commit, "exp": int(time.time()) + 600}
        token = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=")
            for part in (b'{"alg":"none"}', canonical(claims), b"none"))
        self.tokens[token] = claims
        return {"value": token}

    def certificate(self, token, request):
        """Certify a key of whoever has the token and proves to own the key, for ten minutes and for the workflow."""
        claims = self.tokens[token]
        if claims["aud"] != "sigstore":
            raise ValueError("the token is for somebody else")
        asked = request["publicKeyRequest"]
        key = serialization.load_pem_public_key(asked["publicKey"]["content"].encode())
        key.verify(base64.b64decode(asked["proofOfPossession"]), claims["sub"].encode(), SHA256)
        subject = x509.UniformResourceIdentifier(f"https://github.com/{claims['job_workflow_ref']}")
        builder = (
            self.template(x509.Name([]), key,
                datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=10))
            .add_extension(usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.authority.public_key()),
                critical=False)
            .add_extension(x509.SubjectAlternativeName([subject]), critical=True)
            .add_extension(x509.UnrecognizedExtension(ISSUER_EXTENSION, utf8_string(claims["iss"])), critical=False)
            .add_extension(x509.UnrecognizedExtension(COMMIT_EXTENSION, claims["sha"].encode()), critical=False)
        )
        entered = self.enter_certificate(builder.sign(self.authority, hashes.SHA256()).tbs_certificate_bytes)
        leaf = builder.add_extension(x509.UnrecognizedExtension(CERTIFICATE_LOG_EXTENSION, entered),
            critical=False).sign(self.authority, hashes.SHA256())
        chain = [each.public_bytes(serialization.Encoding.PEM).decode() for each in (leaf, self.root)]
        return {"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}}

    def enter_certificate(self, certificate):
        """Return the promise of the log of certificates, as the value of an extension:
        https://www.rfc-editor.org/rfc/rfc6962#section-3.2"""
        moment = struct.pack(">Q", int(time.time() * 1000))
        issuer = hashlib.sha256(public(self.authority)).digest()
        length = struct.pack(">I", len(certificate))[1:]
        signature = self.certificates.sign(b"\0\0" + moment + b"\0\1" + issuer + length + certificate + b"\0\0", SHA256)
        promise = b"\0" + hashlib.sha256(public(self.certificates)).digest() + moment + b"\0\0" + b"\4\3" + struct.pack(
            ">H", len(signature)) + signature
        listed = struct.pack(">HH", len(promise) + 2, len(promise)) + promise
        assert 127 < len(listed) < 256 or len(listed) < 128
        return b"\x04" + (bytes([len(listed)]) if len(listed) < 128 else b"\x81" + bytes([len(listed)])) + listed

    def enter_signature(self, entry):
        """https://www.sigstore.dev/swagger/#/entries/createLogEntry"""
        proposed = entry["spec"]["proposedContent"]
        envelope = json.loads(proposed["envelope"])
        (signature,), (verifier,) = envelope["signatures"], proposed["verifiers"]
        hashed = {"envelopeHash": proposed["envelope"].encode(), "payloadHash": base64.b64decode(envelope["payload"])}
        spec = {name: {"algorithm": "sha256", "value": hashlib.sha256(data).hexdigest()}
            for name, data in hashed.items()}
        spec["signatures"] = [{"signature": signature["sig"], "verifier": verifier}]
        body = canonical({"apiVersion": entry["apiVersion"], "kind": entry["kind"], "spec": spec})
        identity = hashlib.sha256(public(self.signatures)).digest()
        promised = {"body": encoded(body), "integratedTime": int(time.time()), "logID": identity.hex(), "logIndex": 0}
        root = hashlib.sha256(b"\0" + body).digest()
        origin = urllib.parse.urlsplit(self.url).hostname
        note = f"{origin}\n1\n{encoded(root)}\n"
        signed = identity[:4] + self.signatures.sign(note.encode(), SHA256)
        proof = {"logIndex": 0, "treeSize": 1, "rootHash": root.hex(), "hashes": []}
        proof["checkpoint"] = f"{note}\n\u2014 {origin} {encoded(signed)}\n"
        self.entries += 1
        promise = encoded(self.signatures.sign(canonical(promised), SHA256))
        return {"0" * 16
            + root.hex(): {**promised, "verification": {"signedEntryTimestamp": promise, "inclusionProof": proof}}}


def usage(**given):
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign")
    return x509.KeyUsage(**{**dict.fromkeys(names, False), **given}, encipher_only=False, decipher_only=False)
