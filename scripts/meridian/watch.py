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


@dataclasses.dataclass(frozen=True)
class Visits:
    """The requests of our own that give the canary something to answer, when nobody else does."""

    paths: tuple = ("/now", "/", "/api/foo")
    per_second: float = 5

    def __post_init__(self):
        if not 0.1 <= self.per_second <= 100:
            raise ValueError(f"RATE must be from 0.1 to 100 requests a second; it is {self.per_second:g}")
        if not self.paths or not all(path.startswith("/") for path in self.paths):
            raise ValueError(
                f"PATHS must be paths with a slash first, set apart by spaces; it is \"{' '.join(self.paths)}\"")


def version(image):
    """What a service says that runs the image; the stacks set it to the digest."""
    return Image.parse(image).digest


class Probe:
    """Runs the command `probe` again and again beside the visits."""

    def __init__(self, command, url):
        self.command = [*command, url]

    def once(self):
        """Exit code and what was said; 127 where the command cannot be run."""
        try:
            done = subprocess.run(
                self.command,
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=PROBE_TIMEOUT_SECONDS,
                # A Ctrl-C is for us.
                start_new_session=True,
            )
        except subprocess.TimeoutExpired:
            return 2, f"no verdict within {PROBE_TIMEOUT_SECONDS} s"
        except OSError as error:
            return 127, f"{self.command[0]}: {error.strerror}"
        lines = done.stdout.strip().splitlines()
        return done.returncode, lines[-1] if lines else f"exit code {done.returncode}, no word"


def examine(url, stable, probe):
    """Refuses a trial in which nothing could be told: before anything is changed."""
    answer = visit(f"{url}/now", 10)
    if answer.version != version(stable):
        raise Problem(
            f'{url}/now answers {answer.status or "nothing"} as version "{answer.version}", '
            f'but "{version(stable)}" is what runs by the stack\'s outputs.',
            "A canary is told apart by the header Service-Version. Deploy once more, then try again.",
        )
    for attempt in range(3):
        code, said = probe.once()
        if code == 0:
            return
        time.sleep(attempt)
    raise Problem(
        f"The probe does not say OK of what runs now: {said}",
        "A canary is judged beside a healthy service, by a right clock on this machine. Nothing was changed.",
    )


def statuses(url, stable, paths):
    """What the stable answers on each path, which the canary must give too."""
    found = {}
    for path in paths:
        for _ in range(20):
            answer = visit(url + path, 10, path)
            if answer.version == version(stable) and 0 < answer.status < 500:
                found[path] = answer.status
                break
        else:
            raise Problem(
                f'{path} answers {answer.status or "nothing"} as version "{answer.version}", in none of 20 tries as '
                f'the stable\'s "{version(stable)}" below 500.',
                "PATHS must name what the stable answers: the canary is compared with it. Nothing was changed.",
            )
    return found


def watch(url, stable, canary, limits, visits, probe, percent, expected):
    """Visits the service until there is a verdict; gives it with its reason."""
    begin = time.monotonic()
    judge = Judge(version(stable), version(canary), limits, percent=percent, expected=expected)
    probed = threading.Event()
    results = []

    def probe_on():
        while not probed.is_set():
            results.append(probe.once())
            probed.wait(min(30, limits.seconds / 10))

    thread = threading.Thread(target=probe_on, daemon=True)
    thread.start()
    told = 0
    try:
        with Traffic(url, visits.paths, visits.per_second) as traffic:
            while True:
                time.sleep(0.2)
                for answer in traffic.answers():
                    judge.answer(answer)
                while results:
                    judge.probe(*results.pop(0))
                elapsed = time.monotonic() - begin
                verdict, reason = judge.verdict(elapsed)
                if verdict is not Verdict.WATCH:
                    return verdict, reason
                if elapsed >= told:
                    told += TELL_EVERY_SECONDS
                    say(f"  {elapsed:4.0f} s  canary: {judge.canary}; stable: {judge.stable}; {reason}")
    finally:
        probed.set()


def confirm(url, image, seconds=180, answers=20):
    """Waits until everybody gets the image: so many answers of it one after the other."""
    deadline = time.monotonic() + seconds
    in_a_row = 0
    while in_a_row < answers:
        answer = visit(f"{url}/now", 10)
        served = answer.version == version(image) and 0 < answer.status < 500 and not answer.clock_off
        in_a_row = in_a_row + 1 if served else 0
        if time.monotonic() > deadline:
            raise Problem(
                f"{seconds} s after the promotion answers still come with {answer.status} from \"{answer.version}\".",
                f"Expected are {version(image)}. ./taskw verify-aws, -azure or -gcp looks closer.",
            )
        time.sleep(0.1)
