"""Checks a deployment from outside, and prints what it saw."""

import subprocess
import urllib.parse

from meridian.checks import prober, proxy
from meridian.console import Problem, report, say
from meridian.image import Image
from meridian.verify import CHECKS, Meridian, Page, Verification, until_it_answers


def look(stack):
    """Number of checks that failed."""
    outputs = stack.terraform.outputs()
    if "url" not in outputs:
        raise Problem(f"The state has no deployment of {stack.name}.", f"{stack.command('deploy')}")
    url = outputs["url"]
    if proxy(urllib.parse.urlsplit(url).hostname):
        say(f"note     {proxy()}")
    canary = outputs.get("canary")
    versions = [Image.parse(image, "output image").digest
        for image in (outputs["image"], *([canary["image"]] if canary else []))]
    closed = stack.cloud.closed if url.startswith("https:") else (443, *stack.cloud.closed)
    if stack.cloud.machine:
        until_it_answers(url, versions[0], minutes=15)
        return checked(Page(url, closed, versions=versions, greeting=outputs["greeting"],
            addresses=outputs["addresses"]))
    checks, named = outputs.get("checks") or CHECKS, dict(forged=stack.cloud.forged, versions=versions)
    until_it_answers(url, check=checks[0])
    if not outputs.get("meridian", True):
        return checked(Verification(url, closed, checks=checks, **named))
    probed = subprocess.run([*prober(), url]).returncode
    documents = {file.stem: file.read_text() for file in (stack.root / "app/documents").glob("*.json")}
    return checked(Meridian(url, closed, checks=checks, documents=documents, **named), wrong=bool(probed))


def checked(verification, wrong=0):
    """Number of checks that failed, including the earlier `wrong`."""
    wrong += report(verification.all(), "wrong")
    say("Failed" if wrong else "All checks passed.")
    return wrong
