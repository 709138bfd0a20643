"""The command line. Anything that it does not know is refused before anything is changed."""

import argparse
import difflib
import os
import re
import signal
import sys
import traceback

from meridian import bootstrap, canary, commands, cost, pipeline, signature, vulnerabilities
from meridian.console import ROOT, Problem
from meridian.stack import CLOUDS, MACHINES, PLATFORMS, Stack

# Each is --name, with the environment variable NAME as its default; an empty value counts as unset.
OPTIONS = {
    "env": "the environment; production if unset",
    "service": "key of a service on the environment's platform; if unset, the command is for the stack with its "
        "own network",
    "image": "the image, REPOSITORY@sha256:…; if unset, deploy keeps an image that was supplied before, else builds "
        "app/; canary continues the canary in progress",
    "build": "if 1, builds app/ even if an image was supplied before",
    "number": "the pull request to preview; without it, the previews of all closed pull requests are removed",
    "commit": "the commit that IMAGE was built from; if the pull request has a newer one by now, nothing is deployed",
    "base": "another base image to build on, tar:///…",
    "yes": "if 1, does not ask for confirmation",
    "confirm": "name of the stack, so that it need not be typed",
    "wait": "on Google Cloud, minutes to wait until Cloud Run releases the network, default 150; 0 leaves the network "
        "for a later destroy",
    "destroy_pause": "seconds between two attempts to remove the network, default 300",
    "percent": "share of the requests in percent, 1 to 50, default 10",
    "minutes": "minutes to watch the canary, default 10; if there is no verdict by then, up to three times as long",
    "responses": "how many responses the canary must have given, default 300",
    "failed_percent": "by how many percentage points the canary's failure rate may exceed the stable version's, "
        "default 5",
    "rate": "requests a second that the command itself sends, default 5",
    "paths": "paths to request, default the paths of the stack's checks, and for Meridian also / and /api/foo",
    "url": "address to request in place of the stack's URL, for example while the domain has no DNS record yet",
    "probe": "command that probes the clock; the URL is added as its last argument",
    "rates": "rates, in requests a second, at which to compute the cost, separated by spaces, default 0 10 1000",
    "per_vcpu": "requests a second that one vCPU handles, default 500",
    "withdraw": "if 1, withdraws the canary in progress",
    "save": "if 1, plans with the running image and its canary, without locking the state, and saves the plan for "
        "the command release",
    "for": "what must be set up: by default, what a plan needs; with FOR=deploy or FOR=preview, what a deployment "
        "needs. FOR=preview also checks that PREVIEWS names the cloud",
    "source": "the image to copy, REPOSITORY@sha256:…",
    "tag": "the tag that it gets",
    "change": "if 1, does not fail if app/pom.xml is unchanged since the last build that passed; needs GITHUB_TOKEN",
    "issue": "if 1, does not fail on vulnerabilities, but lists them in one GitHub issue, which stays open as long as "
        "a newer version fixes any of them; needs GITHUB_TOKEN",
    "other": "a second image, for the canary, REPOSITORY@sha256:…",
    "hours": "hours after which remaining claims are skipped and all is removed, default 3",
    "probe_urls": "URLs to probe one after the other, separated by spaces, in place of one URL",
}
FLAGS = ("build", "change", "issue", "yes", "withdraw", "save")


def here(*places):
    """Places that this copy has not deleted."""
    return tuple(place for place in places if (ROOT / "stacks" / place).is_dir())


SERVICES = here(*CLOUDS)
ANY = here(*CLOUDS, *MACHINES)
DEPLOYED = here(*CLOUDS, *PLATFORMS, *MACHINES)
BOOTSTRAPS = here(*(f"bootstrap/{cloud}" for cloud in CLOUDS))
# Command: function, its stacks or the metavar of other arguments, options, and what is passed on after --.
TERRAFORM = "arguments for Terraform"
COMMANDS = {
    "doctor": (commands.doctor, DEPLOYED, "env service image", None),
    "plan": (commands.plan, DEPLOYED, "env service image build base save", TERRAFORM),
    "deploy": (commands.deploy, DEPLOYED, "env service image build base yes", TERRAFORM),
    "cost": (cost.cost, DEPLOYED, "env service rates per_vcpu", TERRAFORM),
    "verify": (commands.verify, ANY, "env service", None),
    "destroy": (commands.destroy, (*DEPLOYED, *BOOTSTRAPS), "env service confirm wait destroy_pause", TERRAFORM),
    "canary": (
        commands.try_image, SERVICES,
        "env service image percent minutes responses failed_percent rate paths url probe withdraw", TERRAFORM
    ),  # fmt: skip
    "bootstrap": (bootstrap.run, tuple(each.partition("/")[2] for each in BOOTSTRAPS), "", None),
    "settings": (pipeline.settings, ANY, "env for", None),
    "circleci": (pipeline.circleci, here("vm/gcp"), "env for", None),
    "login": (pipeline.login, ANY, "env", None),
    "publish": (pipeline.publish, ANY, "env source tag", None),
    "comment": (pipeline.comment, ANY, "env", None),
    "release": (pipeline.release, ANY, "env", None),
    "drift": (pipeline.drift, ANY, "env", None),
    "sign": (signature.sign, "REPOSITORY@sha256:…", "", "options of cosign"),
    "verify-signature": (signature.verify, "REPOSITORY@sha256:…", "", "options of cosign"),
    "probe": (commands.probe, "URL", "probe_urls", "options of the probe: app/README.md"),
    "scan": (vulnerabilities.scan, "REPOSITORY@sha256:…", "change issue", "options of osv-scanner"),
    "licences": (commands.licences, None, "", None),
}
# A copy may have deleted these files.
if (ROOT / "scripts/meridian/prove.py").exists():
    from meridian import claims, prove

    COMMANDS["prove"] = (prove.prove, SERVICES,
        "image other hours yes minutes responses failed_percent rate probe url wait destroy_pause", TERRAFORM)
    COMMANDS["claims"] = (claims.update, None, "", None)
if (ROOT / "scripts/meridian/services.py").exists():
    from meridian import previews, services

    COMMANDS["preview"] = (previews.preview, SERVICES, "env number commit image", None)
    COMMANDS["new-service"] = (services.new_service, None, "service", None)


def main(arguments):
    """Run a command. A Problem becomes two lines on stderr and exit code 1, or 2 for a canary."""

    def stop(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    if arguments[:1] == ["takes"]:
        return sys.exit(takes(arguments[1:]))
    options = parse(arguments)
    try:
        run = bootstrap.destroy if options.stack in BOOTSTRAPS else COMMANDS[options.command][0]
        sys.exit(run(stack(options), options) or 0)
    except Problem as problem:
        sys.stdout.flush()
        print(f"Error: {problem.what}\n  {problem.how}", file=sys.stderr)
        sys.exit(canary.UNDECIDED if options.command == "canary" else 1)
    except KeyboardInterrupt:
        if options.command in ("deploy", "destroy", "bootstrap"):
            print("Interrupted. Repeat the command to go on: what was done so far is in the state.", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        os._exit(141)  # The reader, such as head, has exited; Python would report that again at exit.
    except Exception:
        if options.command != "canary":
            raise
        traceback.print_exc()
        sys.exit(canary.UNDECIDED)  # 1 would mean that it was withdrawn.


def stack(options):
    if options.command == "bootstrap" or options.stack in BOOTSTRAPS:
        return bootstrap.Bootstrap(options.stack.rpartition("/")[2])
    service = options.service
    if service and options.stack and options.stack not in CLOUDS:
        raise Problem(f"SERVICE is {service}, which {options.stack.replace('/', '-')} does not take.",
            f"For a service on a platform: ./taskw {options.command}-{options.stack.rpartition('/')[2]} "
            f"SERVICE={service}")
    return options.stack and Stack(options.stack, options.env, options.further, service=service)


def parse(arguments):
    split = arguments.index("--") if "--" in arguments else len(arguments)
    own, further = [f"{each}=1" if each in map(option, FLAGS) else each
        for each in arguments[:split]], arguments[split + 1 :]
    parser = argparse.ArgumentParser(prog="scripts/meridian", description=__doc__, allow_abbrev=False)
    parser.set_defaults(stack=None, env=None, service=None)
    verbs = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command, (run, stacks, names, _) in COMMANDS.items():
        verb = verbs.add_parser(command, help=" ".join(run.__doc__.split()), description=run.__doc__,
            allow_abbrev=False)
        if isinstance(stacks, str):
            verb.add_argument("named", nargs="*", metavar=stacks)
        elif stacks:
            verb.add_argument("stack", type=place(stacks), help=", ".join(stacks))
        for name in names.split():
            verb.add_argument(option(name), dest=name, metavar=name.upper(), help=OPTIONS[name])
    options, unknown = parser.parse_known_args(own)
    _, _, names, passed = COMMANDS[options.command]
    known = names.split()
    if unknown:
        parser.error(f"{options.command} takes no {unknown[0]}.{nearest(unknown[0], known)}")
    if further and not passed:
        parser.error(f"{options.command} takes nothing after --, but was given {further[0]}.")
    for name in known:
        given = getattr(options, name)
        # A typed value wins, even an empty one; an empty exported variable counts as unset.
        setattr(options, name, (os.environ.get(name.upper()) if given is None else given) or None)
        if name in FLAGS and getattr(options, name) not in (None, "1"):
            parser.error(f'{name.upper()} is "{getattr(options, name)}", but it must be 1 or empty.')
    options.further = joined(further) if passed == TERRAFORM else further
    return options


def joined(arguments):
    """Normalize Terraform's options to -name=value; it also takes --name and a separate value."""
    found = []
    for each in arguments:
        if each.startswith("-"):
            found.append(f"-{each.lstrip('-')}")
        elif found:
            found[-1] += f"={each}"
        else:
            found.append(each)
    return found


def option(name):
    return f"--{name.replace('_', '-')}"


def nearest(word, known):
    name = word.lstrip("-").partition("=")[0].lower().replace("-", "_")
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return (
        f" Did you mean {option(close[0])}?" if close
        else f" It takes {', '.join(map(option, known))}." if known else ""
    )


def place(stacks):
    def parsed(text):
        # Tasks are named with a hyphen: vm-aws is vm/aws.
        name = re.sub("^(vm|bootstrap|platform)-", r"\1/", text)
        if name not in stacks:
            raise argparse.ArgumentTypeError(
                f'"{text}" is not one of {", ".join(each.replace("/", "-") for each in stacks)}')
        return name

    return parsed


def takes(arguments):
    """Check for ./taskw that the named tasks take each NAME=value; return an exit code. Task itself accepts any setting
    and ignores it."""
    files = "".join(file.read_text() for folder in ("", "app", "proof", "stacks/platform", "tests")
        for file in [ROOT / folder / "Taskfile.yml"] if file.exists())
    tasks = dict(re.findall(r"^  ([\w*-]+):\n(?:    .*\n)*?    .*\bTAKES: ([A-Z_ ]+)", files, re.M))
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    named = [each for each in own if "=" not in each and not each.startswith("-")]
    known = {name for task, names in tasks.items() for each in named if re.fullmatch(task.replace("*", ".*"), each)
        for name in names.split()}
    for typed in own:
        name = re.match(r"([A-Za-z_]\w*)=", typed)
        if name and name[1] not in known:
            close = difflib.get_close_matches(name[1].upper(), known, n=1, cutoff=0.5)
            also = f" Did you mean {close[0]}?" if close else ""
            what = f"takes {', '.join(sorted(known))}" if known else "takes no settings"
            print(f"Error: {name[1]} is not a setting of {' '.join(named) or 'a task'}, which {what}.{also}\n  Nothing "
                f"was run.", file=sys.stderr)
            return 2
    return 0
