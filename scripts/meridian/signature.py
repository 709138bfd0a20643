"""Signatures of images, by cosign 3. Verifying a public image needs no login.

Without COSIGN_KEY, the job's own token yields a certificate that names the workflow and is valid for some minutes. The
signature is recorded in Sigstore's public log: https://docs.sigstore.dev/cosign/signing/overview/
COSIGN_KEY is a file, or a key in a store: awskms://…, azurekms://…, gcpkms://…, hashivault://… Its signatures are in no
log: whoever has the public key needs none.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile

from meridian.console import ROOT, Problem, run
from meridian.image import Image, sign_in

MEDIA = "application/vnd.dev.sigstore"


def sign(_, options):
    """Signs an image by its digest, with COSIGN_KEY or the job's own token."""
    key = os.environ.get("COSIGN_KEY")
    if not key and os.environ.get("GITHUB_ACTIONS") and not os.environ.get("ACTIONS_ID_TOKEN_REQUEST_URL"):
        raise Problem("This job has no token to sign with.", "Its permissions must have id-token: write.")
    with tempfile.TemporaryDirectory() as folder:
        # With a key, no service besides the registry is used to sign, and none is trusted.
        services, trusted = pathlib.Path(folder, "services.json"), pathlib.Path(folder, "trusted.json")
        services.write_text(f'{{"mediaType": "{MEDIA}.signingconfig.v0.2+json"}}')
        trusted.write_text(f'{{"mediaType": "{MEDIA}.trustedroot+json;version=0.1"}}')
        alone = ["--key", key, "--signing-config", services, "--trusted-root", trusted] if key else []
        return cosign(options, "sign", "--yes", *alone)


def verify(_, options):
    """Says whether an image was signed by COSIGN_KEY, or by the main workflow of GITHUB_REPOSITORY, on BRANCH if that
    is set."""
    key, repository = os.environ.get("COSIGN_KEY"), os.environ.get("GITHUB_REPOSITORY")
    if not key and not repository:
        raise Problem("The expected signer is not set.",
            "Set GITHUB_REPOSITORY to OWNER/NAME, or COSIGN_KEY to a key.")
    branch = os.environ.get("BRANCH") or "main"
    workflow = f"https://github.com/{repository}/.github/workflows/main.yml@refs/heads/{branch}"
    issuer = "https://token.actions.githubusercontent.com"
    signer = ("--certificate-oidc-issuer", issuer, "--certificate-identity", workflow)
    return cosign(options, "verify", "--output", "text", *(("--key", key, "--insecure-ignore-tlog") if key else signer))


def cosign(options, *arguments):
    image = Image.parse(" ".join(options.named), "The image")
    program = shutil.which("cosign") or run(ROOT / "scripts/tool", "cosign").stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        sign_in(image.repository, folder)
        login = {"DOCKER_CONFIG": folder} if os.path.exists(f"{folder}/config.json") else {}
        return subprocess.run([program, *arguments, *options.further, str(image)],
            env={**os.environ, **login}).returncode
