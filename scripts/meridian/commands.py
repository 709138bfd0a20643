"""Commands that people run on a stack."""

import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile

from meridian import canary, cost
from meridian.checks import CLOCK, built, examine, java, jdk, prober, ready
from meridian.cloud import canary_ends, outputs_of, replaced
from meridian.console import Command, Problem, confirm, say, typed
from meridian.image import Image
from meridian.look import look
from meridian.pipeline import keep, save_plan


def check_image_options(stack, options):
    """Refuse wrong IMAGE, BUILD and BASE before anything takes time; a typed BASE overrides an exported one."""
    if not stack.runs and (options.image or options.build or options.base):
        raise Problem("A platform runs no image.", f"Run {stack.command('deploy')} without IMAGE, BUILD and BASE.")
    if options.image and options.build:
        raise Problem("IMAGE and BUILD are both set.", "IMAGE deploys an existing image, BUILD=1 builds app/.")
    if options.image:
        options.image = str(Image.parse(options.image))
    os.environ.pop("BASE", None)
    if options.base:
        os.environ["BASE"] = options.base  # for the build


def doctor(stack, options):
    """Reports what this machine and the account lack for a deployment."""
    say(stack.heading)

    def image():
        supplied = options.image
        if not supplied and shutil.which("terraform"):
            supplied = stack.variable("image") or (stack.folder / ".terraform").exists() and stack.supplied()
        return f"image {supplied}" if supplied else java()

    failed = examine(stack, builds=stack.runs and not options.image, image=image if stack.runs else None)
    price(stack)
    expiring(stack)
    if failed:
        say(f"{failed} problem{'s' * (failed > 1)} to fix before deploying to {stack.cloud.title}.")
        return 1
    say(f"Ready: {stack.command('deploy')}")
    return 0


def expiring(stack):
    """Print which stacks of the account expire, such as one of a proof that was never finished."""
    try:
        found = stack.cloud.expiring(stack)
    except Problem:
        return  # A check has reported why the account cannot be queried.
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d-%H%M")
    for name, expires in sorted(found.items()):
        if expires < now:
            say(f"note     {name} expired at {expires} UTC and still costs money. Run destroy with that stack's ENV.")
        else:
            say(f"note     {name} expires at {expires} UTC.")


def plan(stack, options):
    """Shows what deploy would change."""
    say(stack.heading)
    check_image_options(stack, options)
    if options.save:
        stack.init()
        return save_plan(stack, options).returncode
    ready(stack, builds=False, deploys=False)
    stack.init()
    stack.stands_alone()
    code = stack.terraform.plan(*stack.image_arguments(options.image, options.build), *options.further).returncode
    price(stack)
    if code in (0, 2):  # 2: -detailed-exitcode found changes
        say("", f"Next: {stack.command('deploy', **({'IMAGE': options.image} if options.image else {}))}")
    return code


def price(stack):
    """Print what the stack will cost, or why that is not known."""
    try:
        say(f"note     {cost.summary(stack)}")
    except Problem as problem:
        say(f"note     The cost is not known. {problem.what} {problem.how}")


def deploy(stack, options):
    """Builds and deploys: brings a stack up to date. On a terminal it asks before it destroys or replaces anything. It
    does not ask about resources that every new image replaces."""
    stack.stays()
    say(stack.heading)
    check_image_options(stack, options)
    ready(stack, builds=stack.runs and not options.image)
    stack.init()
    stack.stands_alone()
    begun = stack.terraform.outputs().get("canary")
    arguments = [*stack.image_arguments(options.image, options.build), *options.further]
    if stack.runs and not options.image and not stack.variable("image") and not any(each.startswith("-var=image=")
            for each in arguments):
        jdk()
    say(f"Deploying {stack.name}, {stack.env}: {stack.cloud.deploys}")
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "plan")
        stack.terraform.plan(f"-out={file}", "-lock-timeout=60s", *arguments, check=True)
        planned = stack.terraform.show(file)
        canary_ends(begun, outputs_of(planned))
        gone = list(replaced(planned))
        if gone:
            say(f"In {stack.env}, {stack.cloud.identity(stack)}, the apply does this:", *(f"  {each}" for each in gone))
        if gone and not options.yes and sys.stdin and sys.stdin.isatty() and typed('Type "yes" to go on: ') != "yes":
            raise Problem('That was not "yes". Nothing was changed.',
                f"To deploy without this question: {stack.command('deploy', YES='1')}")
        stack.terraform.apply_plan(file, *arguments)
    outputs = stack.terraform.outputs()
    keep_running(stack, outputs)
    if "url" not in outputs:
        say("", f"Only a part is deployed. Next: {stack.command('deploy')}")
    elif stack.runs:
        say("", f"Serves at {outputs['url']}", f"Next: {stack.command('verify')}")
    else:
        own = Command(f"deploy-{stack.kind}", {"SERVICE": "…", **stack.command("deploy").settings})
        say("", f"Services are at KEY.{outputs['url'][8:]}", f"Next: ./taskw new-service SERVICE=…, or {own}")


def keep_running(stack, outputs):
    """Tag the running image if it is in the shared registry, whose purge deletes images without such a tag."""
    shared, image = stack.variable("repository_url"), outputs.get("image") or ""
    if shared and image.startswith((f"{shared}@", f"{shared}:")):
        try:
            keep(stack, Image.parse(image))
        except Problem as error:
            say("", f"The clean-up of old images may delete this image, which could not be tagged in {shared}: {error}",
                f"By hand:  skopeo copy --preserve-digests docker://{image} docker://{shared}:runs-{stack.env}-1")


def try_image(stack, options):
    """Gives a new image a share of the requests, watches what it answers, then promotes or withdraws it."""
    code = canary.run(stack, options)
    if code == 0:
        keep_running(stack, stack.terraform.outputs())
    return code


def verify(stack, options):
    """Checks a deployed service from outside: time, forged addresses, documents, ports that must be closed."""
    say(stack.heading)
    stack.init()
    return 1 if look(stack) else 0


def destroy(stack, options):
    """Removes a stack with all it stores, and checks that nothing remains; what is shared stays. A bootstrap can
    be removed only when none of its stacks exists."""
    say(stack.heading)
    say(f"ok       {stack.cloud.identity(stack)}")
    stack.init()
    name, title = stack.name, stack.cloud.title
    if not stack.runs:
        stack.services_standing()
    standing = stack.terraform.resources()
    if standing:
        stack.stands_as_named()
    stored = "all that it stores" if stack.runs else "any images of its own"
    confirm(f"Removes {name} on {title} with {stored}.", name, options.confirm)
    if standing:
        say(f"Removing {name}: {stack.cloud.destroys}")
        # Without image arguments: a destroy builds nothing and needs no image.
        stack.cloud.destroy(stack, options)
    else:
        say("The state is empty. Querying the cloud all the same.")
    leftovers = stack.cloud.leftovers(stack)
    if leftovers:
        raise Problem(
            f"Resources of {name} that remain ({len(leftovers)}):\n  " + "\n  ".join(leftovers),
            "Repeat the command. If something still remains, it was created by hand, or by an apply whose state was "
            "lost.",
        )
    say(f"{title} no longer lists anything of {name}.")


def probe(_, options):
    """Says whether a service is up and its clock right. It uses the probe of app/, or a smaller one if that cannot be
    built or PROBE_URLS is set."""
    if options.probe_urls and not options.named:
        # CLOCK needs no build. Try twice: one lost response is no outage.
        runs = [any(subprocess.run([*CLOCK, url]).returncode == 0 for _ in range(2))
            for url in options.probe_urls.split()]
        return 0 if all(runs) else 1
    command = prober()
    os.execv(command[0], [*command, *options.further, *options.named])


# This is a choice: these allow using, changing and redistributing the service without publishing one's own code.
FINE = {
    *("Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CDDL-1.0", "CDDL-1.1", "EPL-1.0", "EPL-2.0", "LGPL-2.1-only"),
    *("GPL-2.0-with-classpath-exception", "MIT", "MIT-0", "MPL-2.0", "UPL-1.0"),
}


def fine(expression):
    """Whether every part of one alternative of an SPDX expression, (A OR B AND C), is fine."""
    alternatives = expression.strip("()").split(" OR ")
    return any(all(part in FINE for part in alternative.split(" AND ")) for alternative in alternatives)


def licences(_, __):
    """Lists the components of the image with their licences, from app/target/bom.json; fails if a licence is not on the
    list of accepted ones."""
    components = json.loads(built("bom.json").read_text())["components"]
    unknown = []
    for component in sorted(components, key=lambda each: each["name"]):
        name = f"{component.get('group', '')}:{component['name']}:{component['version']}".lstrip(":")
        # Ids or names; of several, any one may be chosen.
        found = [each.get("expression") or each["license"].get("id") or each["license"].get("name")
            for each in component.get("licenses", [])]
        shown = " or ".join(found) or "no licence stated"
        say(f"{name}  {shown}")
        if not any(fine(one) for one in found):
            unknown.append(f"{name} ({shown})")
    if unknown:
        raise Problem(f"Licences that are not on the list of accepted ones: {', '.join(unknown)}.",
            f"If a licence is acceptable, add it to FINE in {__file__}. Otherwise remove the dependency.")
    say(f"{len(components)} components, all with accepted licences.")
