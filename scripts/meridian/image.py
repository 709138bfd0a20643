"""An image to run, always named by its digest."""

import contextlib
import dataclasses
import os
import pathlib
import re
import subprocess
import tempfile

from meridian.console import ROOT, Problem


# https://github.com/distribution/reference/blob/main/reference.go
PART = "[a-z0-9]+(?:[._-]+[a-z0-9]+)*"
NAME = rf"(?:[A-Za-z0-9.-]+(?::[0-9]+)?/)?{PART}(?:/{PART})*"


@dataclasses.dataclass(frozen=True)
class Image:
    repository: str
    digest: str  # sha256:…, which the service also sends as Service-Version

    @classmethod
    def parse(cls, text, setting="IMAGE"):
        # A tag beside the digest adds nothing, and skopeo refuses a name with both.
        found = re.fullmatch(rf"({NAME})(?::\w[\w.-]*)?@(sha256:[0-9a-f]{{64}})", text or "")
        if not found:
            form = "@sha256:" in (text or "") and " Write the repository without https:// and in lower case."
            raise Problem(f'{setting} is "{text or ""}".',
                f"It must name the image by digest: REPOSITORY@sha256:<64 hex digits>.{form or ''}")
        return cls(*found.groups())

    def __str__(self):
        return f"{self.repository}@{self.digest}"


def sign_in(reference, folder, user=None, password=None):
    """Write credentials for a registry to a folder: the cloud's, or those in two environment variables."""
    environ = {**os.environ}
    if user and os.environ.get(user):
        environ.update(REGISTRY_USERNAME=os.environ[user], REGISTRY_PASSWORD=os.environ.get(password, ""))
    host = reference.split("/")[0]
    if subprocess.run([ROOT / "modules/image/login", host, folder], env=environ).returncode:
        raise Problem(f"The login to {host} failed; see its message above.", "Fix the cause and repeat the command.")


@contextlib.contextmanager
def signed_in(reference, *variables):
    """Yield a function that returns skopeo's options for a registry by its side: src, dest or none. A registry on this
    machine uses plain HTTP."""
    with tempfile.TemporaryDirectory() as folder:
        sign_in(reference, folder, *variables)
        file = pathlib.Path(folder, "config.json")
        options = [f"authfile={file}"] if file.exists() else []
        options += ["tls-verify=false"] if re.match(r"(localhost|127\.0\.0\.1)[:/]", reference) else []
        yield lambda *side: ["--" + "-".join((*side, option)) for option in options]
