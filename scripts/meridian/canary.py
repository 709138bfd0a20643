"""Give a new image a tenth of the requests, watch its responses, then promote or withdraw it.

Exit codes: 0 promoted, 1 withdrawn, 2 neither (a message says why), 130 interrupted.

All progress is in the stack's state. If the command is killed at any point, repeat it: it reads from the outputs what
was begun.
"""

import json
import pathlib
import re
import shlex
import tempfile

from meridian import clock
from meridian.checks import prober
from meridian.console import Problem, number, say
from meridian.image import Image
from meridian.judge import Limits, Verdict
from meridian.terraform import Unchanged
from meridian.verify import CHECKS
from meridian.watch import Service, before, confirm, examine, statuses, watch

WITHDRAWN, UNDECIDED, INTERRUPTED = 1, 2, 130


class Overtaken(Problem):
    """Somebody else deployed during this run: the newer deployment wins."""


class Canary:
    def __init__(self, stack, url, paths, per_second):
        self.stack = stack
        stack.terraform.idle("300s")
        outputs = stack.terraform.outputs()
        if not outputs.get("image"):
            raise Problem(
                f"Nothing runs yet in stacks/{stack.place}, environment {stack.env}.",
                f"A canary needs a stable version beside it: {stack.command('deploy')} first.",
            )
        checks, meridian = tuple(outputs.get("checks") or CHECKS), outputs.get("meridian", True)
        own = dict.fromkeys((*(check["path"] for check in checks), *(("/", "/api/foo") if meridian else ())))
        self.service = Service((url or outputs["url"]).rstrip("/"), checks, meridian, tuple(paths or own), per_second)
        self.stable = outputs["image"]
        self.revision = outputs["revision"]
        # The canary requested last, whether or not its apply finished.
        self.begun = outputs.get("canary")
        self.known = [(self.stable, self.begun)]

    def apply(self, image, canary):
        """Stop if somebody else deployed in the meantime: before the plan, or after it, which makes the plan stale."""
        terraform, further = self.stack.terraform, self.stack.further
        variables = (f"-var=image={image}", f"-var=canary={json.dumps(canary)}")
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "plan")
            if terraform.plan(f"-out={file}", "-lock-timeout=60s", *variables, *further).returncode not in (0, 2):
                raise Unchanged(
                    "terraform plan failed; see its message above. This step changed nothing.", terraform.guide)
            outputs = terraform.outputs()
            if (outputs.get("image"), outputs.get("canary")) not in self.known:
                again = "This step changed nothing."
                if self.begun:
                    again += " To try the canary's image beside what runs now: " \
                        f"{self.stack.command('canary', IMAGE=self.begun['image'])}"
                raise Overtaken(
                    f"Somebody else deployed in the meantime, or changed the canary. The stable version is now "
                    f"{outputs.get('image')}. This command expected {self.stable} and its own canary.", again)
            # The outputs show what was requested, whether or not the apply finishes.
            self.known = [self.known[-1], (image, canary)]
            terraform.apply_plan(file, *variables, *further)

    def begin(self, image, percent):
        say(f"Canary: {percent} % of the requests go to {image}, the others still to {self.stable}.")
        stable = self.begun["stable"] if self.begun else self.revision
        self.begun = {"image": image, "percent": percent, "stable": stable}
        self.apply(self.stable, self.begun)

    def promote(self, image):
        say("Promoting: the canary gets all requests.")
        if self.begun and self.stack.cloud.requests_first:
            self.apply(self.stable, {**self.begun, "percent": 100})
        self.apply(image, None)
        confirm(self.service, image)
        say(f"Promoted: {image}")

    def withdraw(self, serves=True):
        say("Withdrawing: the canary's requests go back to the stable version, then the canary is removed.")
        if not serves:
            # Remove it directly: applying it again, at any weight, would fail again, unless it is in place after all.
            try:
                self.apply(self.stable, None)
                return self.withdrawn()
            except Overtaken:
                raise
            except Problem as problem:
                say(problem.what)
        # Change only the weights, which takes seconds.
        self.apply(self.stable, {**self.begun, "percent": 0})
        if self.stack.cloud.newest_ready:
            # Until a revision of the stable image is ready, the canary's is the newest ready one.
            self.apply(self.stable, {**self.begun, "image": self.stable, "percent": 0})
        if self.stack.cloud.requests_first:
            self.apply(self.stable, {**self.begun, "image": self.stable, "percent": 100})
        self.apply(self.stable, None)
        self.withdrawn()

    def withdrawn(self):
        say(f"Withdrawn. All requests go to {self.stable}.")


def settings(options):
    percent = number("PERCENT", options.percent, 10, 1, 50, whole=True)
    limits = Limits(
        seconds=60 * number("MINUTES", options.minutes, 10, 0.02, 1440),
        responses=number("RESPONSES", options.responses, 300, 1, 1_000_000, whole=True),
        failed_percent=number("FAILED_PERCENT", options.failed_percent, 5, 0.1, 50),
    )
    rate = number("RATE", options.rate, 5, 0.1, 100)
    paths = options.paths and options.paths.split()
    if paths and not all(re.fullmatch("/[!-~]*", path) for path in paths):
        raise Problem(
            f'PATHS must be paths in ASCII that begin with a slash, separated by spaces; it is "{options.paths}".',
            "Example: PATHS='/now / /api/foo'")
    try:
        shlex.split(options.probe or "")
    except ValueError as error:
        raise Problem(f"PROBE is {options.probe}, which cannot be parsed as a command: {error}.",
            "It is split into words as a shell does. Example: PROBE='./probe --timeout 5s'") from None
    refused = limits.refuse(rate, percent)
    if refused and not options.withdraw:
        raise Problem(f"With these settings there may be no verdict: {refused}.", "Nothing was changed.")
    return percent, limits, paths, rate


def wanted(image, begun):
    """The image to try, by digest; without one, that of the canary in progress."""
    if not image and not begun:
        raise Problem("IMAGE is not set and no canary was begun.", "Give the image to try: IMAGE=REPOSITORY@sha256:…")
    image = str(Image.parse(image or begun["image"]))
    if begun and begun["image"] != image and begun["percent"] > 0:
        raise Problem(
            f"A canary of {begun['image']} has {begun['percent']} % of the requests.",
            "Finish it with the same command without IMAGE, or withdraw it with WITHDRAW=1.",
        )
    return image


def run(stack, options):
    """Run the command `canary`; return its exit code."""
    percent, limits, paths, rate = settings(options)
    if options.image:
        Image.parse(options.image)
    if options.url:
        try:
            clock.address(options.url)[1].encode("idna")
        except ValueError:
            raise Problem(f'URL is "{options.url}".', "It must be an address with http:// or https://, such as "
                "URL=https://example.com") from None
    stack.stays()
    say(stack.heading)
    stack.init()
    canary = Canary(stack, options.url, paths, rate)
    try:
        return trial(canary, percent, limits, options)
    except KeyboardInterrupt:
        say(
            "",
            "Interrupted. What was applied stays as it is.",
            f"  Continue:  {stack.command('canary')}",
            f"  Withdraw:  {stack.command('canary', WITHDRAW='1')}",
        )
        return INTERRUPTED


def blind(canary, image, percent, limits):
    """Limits and baseline for responses that do not show their version; print what such a trial cannot show."""
    try:
        spread = limits.spread(percent)
    except ValueError as error:
        raise Problem("The responses do not tell which version gave them. With "
            f"{percent} % of the requests, a faulty canary would not stand out: {error}.",
            canary.stack.command("canary", IMAGE=image, PERCENT="50")) from None
    alone = spread.responses // 3
    say(
        "The service does not send its image's digest as Service-Version, so a response does not tell its version. "
        f"First the stable version alone gives {alone} responses, with which all later ones are compared. "
        "A high failure rate shows quickly, a low one later. "
        "A slow canary shows only if over 10 % of all responses are slow.",
        "To see faults sooner, give the canary a larger share: "
        f"{canary.stack.command('canary', IMAGE=image, PERCENT='50')}. Or have the service send the value of "
        "MERIDIAN_VERSION as Service-Version.",
    )
    return spread, before(canary.service, alone)


def trial(canary, percent, limits, options):
    if options.withdraw:
        if not canary.begun:
            say("No canary was begun.")
            return 0
        canary.withdraw()
        return 0

    image = wanted(options.image, canary.begun)
    probe = None
    if options.probe or canary.service.meridian:
        # Building the probe takes longer than one run of it may.
        probe = [*(shlex.split(options.probe) if options.probe else prober()), canary.service.url]
    canary.service = canary.service.known(canary.stable, image)
    if canary.begun and canary.begun["percent"] == 0:
        say("The last canary's withdrawal was not finished.")
        same = canary.begun["image"] == image
        canary.withdraw()
        canary.begun = None
        if same:
            return WITHDRAWN
    if image == canary.stable:
        # Either it runs already and this changes nothing, or its promotion was interrupted.
        canary.promote(image)
        return 0

    if Image.parse(image).digest == Image.parse(canary.stable).digest:
        raise Problem(
            f"{canary.stable} runs already, and {image} has the same digest.",
            "Both are the same image, so there is nothing to try. To run it from IMAGE's registry: "
            f"{canary.stack.command('deploy', IMAGE=image)}",
        )
    if not canary.begun:
        examine(canary.service, canary.stable, probe)
    elif not canary.service.versioned:
        say("Sending all requests to the stable version again, to measure it alone.")
        canary.apply(canary.stable, {**canary.begun, "percent": 0})
    expected = statuses(canary.service, canary.stable)
    baseline = ()
    if not canary.service.versioned:
        limits, baseline = blind(canary, image, percent, limits)
    try:
        canary.begin(image, percent)
    except (Overtaken, Unchanged):
        raise
    except Problem as problem:
        say(f"The canary could not be put in place: {problem.what}")
        canary.withdraw(serves=False)
        return WITHDRAWN

    say(
        f"Watching for at least {limits.seconds / 60:g} minutes and {limits.responses} responses"
        f"{'' if baseline else ' of the canary'}. They must not fail significantly more often than the stable "
        "version's, nor take more than twice as long."
    )
    verdict, reason = watch(canary.service, canary.stable, image, limits, probe, percent, expected, baseline)
    say(f"Verdict: {verdict.value}, because {reason}.")
    if verdict is Verdict.PROMOTE:
        canary.promote(image)
        return 0
    if verdict is Verdict.UNDECIDED:
        say(
            "Nothing changes: the canary keeps its share.",
            f"  Continue:  {canary.stack.command('canary')}",
            f"  Withdraw:  {canary.stack.command('canary', WITHDRAW='1')}",
        )
        return UNDECIDED
    canary.withdraw()
    return WITHDRAWN
