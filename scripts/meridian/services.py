"""Declares services on the platforms."""

import json
import re

from meridian.console import ROOT, Problem, say
from meridian.stack import CLOUDS, PREVIEW, known

DECLARED = "services.auto.tfvars.json"
# The most that a load balancer on AWS can have; on the other clouds a plan reports their own limits.
MOST = 49
VALUES = """# {service}, on the platform of each environment. A variable that is not set here comes from ENV.tfvars,
# else from terraform.tfvars. For ENV=staging, {service}.staging.tfvars beside this file overrides this one.
cpu       = {cpu}
memory    = {memory}
instances = {{ min = 2, max = 4 }}

# image   = "REPOSITORY@sha256:..." # without it app/ is built
# service = {{ meridian = false, port = 8080, health = {{ ready = "/ready" }}, check = {{ path = "/", status = 200 }} }}
# probe   = null
"""
SMALLEST = {"aws": (0.25, 512), "azure": (0.25, 512), "gcp": (1, 512)}
# The other clouds need at least two instances.
STAGING = {"gcp": """# Only for ENV=staging; overrides services/{service}.tfvars. One instance is enough:
# if it fails, Cloud Run replaces it.
instances = {{ min = 1, max = 2 }}
"""}


def new_service(_, options):
    """Declares a service on the platform of each cloud, with the next free slot, and writes its variables files."""
    service = options.service
    if not service:
        raise Problem("SERVICE is not set.", "./taskw new-service SERVICE=orders")
    known(service)
    if re.fullmatch(PREVIEW, service):
        raise Problem(f"SERVICE is {service}, the name of a preview.", "Choose another, such as orders.")
    clouds = [cloud for cloud in CLOUDS if (ROOT / "stacks/platform" / cloud).is_dir()]
    if not clouds:
        raise Problem("stacks/platform is not here, so there is nothing that services could share.",
            "Without a platform, deploy a stack with its own network. Start with ./taskw doctor-aws")
    declared = {cloud: services(cloud) for cloud in clouds}
    there = [cloud for cloud, each in declared.items() if service in each]
    if there:
        raise Problem(f"{service} is declared already, in stacks/platform/{there[0]}/{DECLARED}.",
            f"./taskw deploy-{there[0]} SERVICE={service}")
    used = {each["slot"] for all_ in declared.values() for each in all_.values()}
    slot = next(number for number in range(1, MOST + 2) if number not in used)
    if slot > MOST:
        raise Problem(f"All {MOST} slots are taken.",
            f"Create another platform in another clone, with its own name and domain. It has {MOST} slots too.")
    for cloud in clouds:
        declared[cloud][service] = {"slot": slot}
        write(ROOT / "stacks/platform" / cloud / DECLARED, json.dumps({"services": declared[cloud]}, indent=2) + "\n")
        cpu, memory = SMALLEST[cloud]
        folder = ROOT / "stacks" / cloud / "services"
        folder.mkdir(exist_ok=True)
        for end, text in ((".tfvars", VALUES), (".staging.tfvars", STAGING.get(cloud))):
            file = folder / f"{service}{end}"
            if text and not file.exists():
                write(file, text.format(service=service, cpu=cpu, memory=memory))
    say("", f"Next: look at the values, then ./taskw deploy-platform-{clouds[0]}, then ./taskw deploy-{clouds[0]} "
        f"SERVICE={service}")


def services(cloud):
    file = ROOT / "stacks/platform" / cloud / DECLARED
    return json.loads(file.read_text())["services"] if file.exists() else {}


def write(file, text):
    file.write_text(text)
    say(f"wrote    {file.relative_to(ROOT)}")
