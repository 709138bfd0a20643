"""The image as Jib writes it to a file: its layers, unpacked, and its start command."""

from __future__ import annotations

import gzip
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Layer(NamedTuple):
    content: str
    base: bool
    compressed: int
    size: int


def build():
    """Build the image with jib:buildTar, which needs a registry for the base image only; BASE names another one."""
    command = [ROOT / "app/maven", "--quiet", "package", "jib:buildTar", "-DskipTests", "-Dimage=meridian:bench"]
    print("Building the image, some two minutes the first time", file=sys.stderr)
    if subprocess.run(command, stdout=sys.stderr).returncode:
        sys.exit("The image was not built.")
    return ROOT / "app/target/jib-image.tar"


def unpack(image, root):
    """Unpack the image below root; return its layers, its start command there and its folder."""
    layers = []
    with tarfile.open(image) as tar:
        (manifest,) = json.load(tar.extractfile("manifest.json"))
        config = json.load(tar.extractfile(manifest["Config"]))
        for name, entry in zip(manifest["Layers"], config["history"]):
            packed = tar.extractfile(name).read()
            data = gzip.decompress(packed) if packed[:2] == b"\x1f\x8b" else packed
            # GNU tar keeps file times, by which the JVM recognizes the jars of its cache.
            subprocess.run(["tar", "--extract", "--warning=no-unknown-keyword", "--directory", root],
                           input=data, check=True)
            listing = subprocess.run(["tar", "--list", "--warning=no-unknown-keyword"],
                                     input=data, check=True, stdout=subprocess.PIPE).stdout.decode().splitlines()
            files = ["/" + path for path in listing if not path.endswith("/")]
            base = entry.get("author") != "Jib"
            layers.append(Layer(os.path.commonpath(files), base, len(packed), len(data)))
    entrypoint = config["config"]["Entrypoint"]
    return layers, [moved(word, root) for word in entrypoint], root / config["config"]["WorkingDir"][1:]


def moved(word, root):
    """Turn paths of the image into paths below root, also in the file with the class path."""
    file = root / word[2:]
    if word.startswith("@") and file.name == "jib-classpath-file":
        word = file.read_text()
    if word == "java":
        return str(root / "opt/java/bin/java")
    return re.sub(r"(^|[@=:])/(?=app/|opt/)", rf"\g<1>{root}/", word)
