"""Previews: each open pull request from this repository, not a fork, has its own service in a slot of the platform."""

import argparse
import re

from meridian import hcp
from meridian.console import ROOT, Problem, number, say
from meridian.github import GitHub
from meridian.image import Image
from meridian.pipeline import append, copied
from meridian.stack import PREVIEW, PRODUCTION, Stack


def preview(stack, options):
    """Deploys the preview of pull request NUMBER, or removes it if the pull request is closed. Without NUMBER, removes
    the previews of all closed pull requests, and reports the others."""
    if stack.env == PRODUCTION:
        raise Problem("Previews cannot run on production's platform.",
            f"python3 scripts/meridian preview {stack.task} --env=staging")
    if hcp.block(stack.folder):
        raise Problem("HCP Terraform keeps the states of services, but previews need them in the bootstrap's store.",
            f"Remove {stack.folder.relative_to(ROOT)}/backend.tf; ./taskw bootstrap-{stack.kind} creates a store for "
            "them.")
    hub, standing = GitHub(), shown(stack)
    if not options.number:
        return sweep(stack, hub, standing)
    asked = int(number("NUMBER", options.number, None, 1, 10**9, whole=True))
    pull = hub.ask("GET", f"pulls/{asked}")
    if pull["state"] == "closed":
        for slot in [slot for slot, of in standing.items() if of == asked] or [None]:
            report(remove(stack, hub, slot, asked) if slot else f"There is no preview of pull request {asked}.")
        return 0
    # The repository is null if the fork was deleted.
    head = (pull["head"]["repo"] or {}).get("full_name", "")
    if head.lower() != hub.repository.lower():
        raise Problem(f"Pull request {asked} is of another repository, {head or 'which was deleted'}.",
            "Only a pull request of this repository itself has a preview.")
    if options.commit and not pull["head"]["sha"].startswith(options.commit):
        report(f"Pull request {asked} has a newer commit than {options.commit}; the newer commit's own run deploys it.")
        return 0
    image = Image.parse(options.image or "", "IMAGE")
    deploy(stack, hub, slot_of(asked, slots(stack), standing), asked, image, pull["head"]["sha"])
    return 0


def shown(stack):
    """Slots in use, with the pull request of each; None if somebody deployed it by hand."""
    return {key: terraform.outputs().get("pull_request") for key, terraform in stack.services().items()
        if re.fullmatch(PREVIEW, key)}


def slots(stack):
    platform = Stack(f"platform/{stack.kind}", stack.env, root=stack.root)
    declared = [key for key in platform.reported()["platform"]["services"] if re.fullmatch(PREVIEW, key)]
    if not declared:
        raise Problem(f"The platform {platform.variable('name')} has no slots for previews.",
            f"Set previews in stacks/{platform.place}/{platform.own_file.name}, then {platform.command('deploy')}")
    return sorted(declared, key=lambda slot: int(slot[1:]))


def slot_of(asked, declared, standing):
    """The slot that the pull request has; else the one for its number, or the next free one."""
    for slot, of in standing.items():
        if of == asked:
            return slot
    first = (asked - 1) % len(declared)
    for slot in declared[first:] + declared[:first]:
        if slot not in standing:
            return slot
    occupied = ", ".join(f"{slot} by {f'pull request {standing[slot]}' if standing[slot] else 'a manual deployment'}"
        for slot in declared)
    raise Problem(f"All {len(declared)} slots are taken: {occupied}.",
        "Close a pull request, or raise the variable previews in stacks/platform, to at most 20.")


def deploy(stack, hub, slot, asked, image, commit):
    service = Stack(stack.place, stack.env, root=stack.root, service=slot)
    service.init()
    service.terraform.apply(f"-var=pull_request={asked}", f"-var=image={copied(service, str(image))}")
    url = service.terraform.outputs()["url"]
    comment(stack, hub, asked, f"{url} runs {commit}, until this pull request is closed.")
    report(f"The preview of pull request {asked} runs at {url}.")


def remove(stack, hub, slot, asked):
    service = Stack(stack.place, stack.env, root=stack.root, service=slot)
    service.init()
    service.cloud.destroy(service, argparse.Namespace(wait=None, destroy_pause=None, further=[]))
    comment(stack, hub, asked, "Removed.")
    return f"{service.name} is removed, since pull request {asked} is closed."


def sweep(stack, hub, standing):
    """Remove previews of closed pull requests whose own run failed, was cancelled or never started."""
    failed = 0
    for slot, of in standing.items():
        name = Stack(stack.place, stack.env, root=stack.root, service=slot).name
        try:
            if of is None:
                report(f"{name} belongs to no pull request. Somebody deployed it by hand, so it is kept.")
            elif hub.ask("GET", f"pulls/{of}")["state"] == "closed":
                report(remove(stack, hub, slot, of))
            else:
                report(f"{name} is the preview of pull request {of}, which is open.")
        except Problem as problem:  # The others are no worse for it.
            report(f"{name} of pull request {of} could not be removed: {problem} {problem.how}")
            failed = 1
    if not standing:
        report("There are no previews.")
    return failed


def comment(stack, hub, asked, text):
    heading = f"### Preview on {stack.cloud.title}, {stack.env}"
    hub.comment(asked, f"preview {stack.place} {stack.env}", f"{heading}\n{text}\n")


def report(text):
    say(text)
    append("GITHUB_STEP_SUMMARY", f"- {text}\n")
