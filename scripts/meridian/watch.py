"""Watches a canary until the judge has a verdict."""

import dataclasses
import subprocess
import threading
import time

from meridian.console import Problem, say
from meridian.image import Image
from meridian.judge import Judge, Verdict
from meridian.traffic import Traffic, visit

PROBE_TIMEOUT_SECONDS = 60
REPORT_EVERY_SECONDS = 30


def version(image):
    """Service-Version of a service that runs the image; the stacks set it to the digest."""
    return Image.parse(image).digest


def probe_once(command):
    """Exit code and last line of the command `probe`; 127 if it cannot be run."""
    try:
        # Ctrl-C must stop this program, not the probe.
        done = subprocess.run(command, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=PROBE_TIMEOUT_SECONDS, start_new_session=True)
    except subprocess.TimeoutExpired:
        return 2, f"no verdict within {PROBE_TIMEOUT_SECONDS} s"
    except OSError as error:
        return 127, f"{command[0]}: {error.strerror}"
    lines = done.stdout.strip().splitlines()
    return done.returncode, lines[-1] if lines else f"exit code {done.returncode}, no output"


@dataclasses.dataclass(frozen=True)
class Service:
    """The service that gets the requests: its URL, its expected responses, and whether they name their image."""

    url: str
    checks: tuple  # paths and statuses, from the stack's outputs
    meridian: bool  # whether a time in its responses is that of its clock
    # Our own requests, so that the canary gets some even without visitors.
    paths: tuple
    per_second: float
    versioned: bool = True

    def traffic(self):
        return Traffic(self.url, self.paths, self.per_second, judged=self.meridian)

    def first(self):
        """Response on the first path, and whether it is as expected."""
        response = visit(self.url + self.checks[0]["path"], 10, judged=self.meridian)
        return response, response.status == self.checks[0]["status"] and not response.clock_off

    def known(self, *images):
        """A copy with `versioned` set: Meridian always sends Service-Version; others are asked up to five times."""
        known = self.meridian or any(self.first()[0].version in map(version, images) for _ in range(5))
        return dataclasses.replace(self, versioned=known)


def examine(service, stable, probe):
    """Refuse a trial that could not reach a verdict, before anything is changed."""
    response, right = service.first()
    wanted, path = version(stable), service.checks[0]["path"]
    if service.versioned and response.version != wanted or not right and not service.meridian:
        raise Problem(
            f'{service.url}{path} answered {response.status or "nothing"} with Service-Version "{response.version}". '
            f'Expected: {service.checks[0]["status"]}'
            f'{f" with Service-Version {wanted}" if service.versioned else ""}.',
            "A canary needs a healthy stable version to be compared with. Deploy once more, then try again.",
        )
    if not probe:
        return
    for attempt in range(3):
        code, said = probe_once(probe)
        if code == 0:
            return
        time.sleep(attempt)
    raise Problem(
        f"The probe does not report OK for what runs now: {said}",
        "A canary needs a healthy stable version to be compared with, and this machine's clock must be correct. "
        "Nothing was changed.",
    )


def statuses(service, stable):
    """Status of the stable version on each path, which the canary must match; the stack's checks set some of them."""
    found = {}
    wanted = {check["path"]: check["status"] for check in service.checks}
    for path in service.paths:
        for _ in range(20):
            response = visit(service.url + path, 10, path)
            right = response.status == wanted[path] if path in wanted else 0 < response.status < 500
            if right and (not service.versioned or response.version == version(stable)):
                found[path] = response.status
                break
        else:
            raise Problem(
                f'In 20 tries, {path} never gave {wanted.get(path, "a status below 500")}'
                f'{f" from the stable version, {version(stable)}" if service.versioned else ""}. The last response: '
                f'{response.status or "none"}, Service-Version "{response.version}".',
                "PATHS must name paths that the stable version answers: the canary must respond as it does. "
                "Nothing was changed.",
            )
    return found


def before(service, responses):
    """This many responses of the stable version, for a service whose responses do not show their version."""
    found = []
    with service.traffic() as traffic:
        while len(found) < responses:
            time.sleep(0.2)
            found += traffic.responses()
    return found


def watch(service, stable, canary, limits, probe, percent, expected, baseline=()):
    """Send requests to the service until there is a verdict; return it with its reason.

    baseline: responses of the stable version alone; if given, all later responses count as the canary's
    """
    begin = time.monotonic()
    judge = Judge(version(stable), version(canary), limits, percent=percent, expected=expected, probed=bool(probe))
    for response in baseline:
        judge.record(dataclasses.replace(response, version=version(stable)))
    probed = threading.Event()
    results = []

    def probe_on():
        while probe and not probed.is_set():
            results.append(probe_once(probe))
            probed.wait(min(30, limits.seconds / 10))

    thread = threading.Thread(target=probe_on, daemon=True)
    thread.start()
    report_at = 0
    try:
        with service.traffic() as traffic:
            while True:
                time.sleep(0.2)
                for response in traffic.responses():
                    judge.record(dataclasses.replace(response, version=version(canary)) if baseline else response)
                while results:
                    judge.probe(*results.pop(0))
                elapsed = time.monotonic() - begin
                verdict, reason = judge.verdict(elapsed)
                if verdict is not Verdict.WATCH:
                    return verdict, reason
                if elapsed >= report_at:
                    report_at += REPORT_EVERY_SECONDS
                    say(f"  {elapsed:4.0f} s  canary: {judge.canary}; stable: {judge.stable}; {reason}")
    finally:
        probed.set()


def confirm(service, image, seconds=180, responses=20):
    """Wait until everybody gets the image: this many responses from it in a row."""
    deadline = time.monotonic() + seconds
    in_a_row = 0
    while in_a_row < responses:
        response, right = service.first()
        served = right and (not service.versioned or response.version == version(image))
        in_a_row = in_a_row + 1 if served else 0
        if time.monotonic() > deadline:
            raise Problem(
                f'{seconds} s after the promotion, not every response is as expected. The last one had status '
                f'{response.status} and Service-Version "{response.version}".',
                f"Expected: {service.checks[0]['status']} with Service-Version {version(image)}. "
                "./taskw verify-aws, -azure or -gcp shows more.",
            )
        time.sleep(0.1)
