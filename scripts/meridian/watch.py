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
TELL_EVERY_SECONDS = 30


def version(image):
    """What a service says that runs the image; the stacks set it to the digest."""
    return Image.parse(image).digest


def probe_once(command):
    """Exit code and what the command `probe` said; 127 where it cannot be run."""
    try:
        # A Ctrl-C is for us.
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
    """What is visited: where, what it must answer, and whether its answers say of which image they are."""

    url: str
    checks: tuple  # paths and statuses, as the stack says
    meridian: bool  # whether a time in its answers is its clock
    # Of the requests of our own that give the canary something to answer, when nobody else does.
    paths: tuple
    per_second: float
    versioned: bool = True

    def traffic(self):
        return Traffic(self.url, self.paths, self.per_second, judged=self.meridian)

    def first(self):
        """Answer on the first path, and whether it is what it should be."""
        response = visit(self.url + self.checks[0]["path"], 10, judged=self.meridian)
        return response, response.status == self.checks[0]["status"] and not response.clock_off

    def known(self, *images):
        """The same with told: only Meridian is known to send Service-Version; of others their answers show it."""
        known = self.meridian or any(self.first()[0].version in map(version, images) for _ in range(5))
        return dataclasses.replace(self, versioned=known)


def examine(service, stable, probe):
    """Refuses a trial in which nothing could be told: before anything is changed."""
    response, right = service.first()
    wanted, path = version(stable), service.checks[0]["path"]
    if service.versioned and response.version != wanted or not right and not service.meridian:
        raise Problem(
            f'{service.url}{path} answered {response.status or "nothing"} with Service-Version "{response.version}". '
            f'Expected: {service.checks[0]["status"]}'
            f'{f" with Service-Version {wanted}" if service.versioned else ""}.',
            "A canary is compared with a healthy service. Deploy once more, then try again.",
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
        "A canary is compared with a healthy service, and this machine's clock must be correct. Nothing was changed.",
    )


def statuses(service, stable):
    """What the stable answers on each path, which the canary must give too; what the stack says where it does."""
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
                "PATHS must name paths that the stable version answers. The canary is compared with its responses. "
                "Nothing was changed.",
            )
    return found


def before(service, responses):
    """So many answers of the stable, for a service whose answers do not tell whose they are."""
    found = []
    with service.traffic() as traffic:
        while len(found) < responses:
            time.sleep(0.2)
            found += traffic.responses()
    return found


def watch(service, stable, canary, limits, probe, percent, expected, baseline=()):
    """Visits the service until there is a verdict; gives it with its reason.

    baseline: answers of the stable alone; then all that come now are held against it, as if they were the canary's
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
    versioned = 0
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
                if elapsed >= versioned:
                    versioned += TELL_EVERY_SECONDS
                    say(f"  {elapsed:4.0f} s  canary: {judge.canary}; stable: {judge.stable}; {reason}")
    finally:
        probed.set()


def confirm(service, image, seconds=180, responses=20):
    """Waits until everybody gets the image: so many answers of it one after the other."""
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
