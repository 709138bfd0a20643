"""What the commands say, how they fail, and how they run others."""

import contextlib
import dataclasses
import pathlib
import shlex
import shutil
import signal
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Problem(Exception):
    """Something that the person at the keyboard can mend: what is wrong, and how to go on."""

    def __init__(self, what, how):
        super().__init__(what)
        self.what = what
        self.how = how


@dataclasses.dataclass(frozen=True)
class Command:
    """A command that can be typed next, such as ./taskw canary-aws ENV=staging WITHDRAW=1."""

    task: str
    settings: dict

    def __str__(self):
        return " ".join(["./taskw", self.task,
            *(f"{name}={shlex.quote(value)}" for name, value in self.settings.items())])


def say(*lines):
    for line in lines:
        print(line, flush=True)


def typed(question):
    """What somebody answers; nothing where nobody is there, or by Ctrl-C."""
    try:
        return input(question).strip()
    except (EOFError, KeyboardInterrupt):
        say("")
        return ""


def confirm(what, name, given):
    """Stops unless the name was given, or is typed."""
    said = given or typed(f"{what} Type its name: ")
    if said != name:
        raise Problem(f'"{said}" is not {name}.', "Nothing was removed.")


def number(name, text, default, low, high, whole=False):
    """A setting as a number; Problem where it is none that makes sense."""
    with contextlib.suppress(ValueError):
        value = (int if whole else float)(text or default)
        if low <= value <= high:
            return value
    raise Problem(f'{name} is "{text}".', f"It must be a {'whole ' if whole else ''}number from {low:g} to {high:g}.")


def missing(tool, why="this command runs it", get="./taskw doctor-aws, -azure or -gcp says where to get it"):
    """The same words wherever a tool is found to be missing, so that they are told once."""
    return Problem(f"{tool} is missing: {why}.", f"Install it: {get}")


def run(*command, check=True, **options):
    """Runs a command for its output; without check the caller looks at returncode and stderr."""
    if not shutil.which(command[0]):
        raise missing(command[0])
    done = subprocess.run(command, text=True, capture_output=True, **options)
    if check and done.returncode:
        raise Problem(f"{' '.join(command)} exited with {done.returncode}.", done.stderr.strip() or done.stdout.strip())
    return done


def patiently(*command, each=None, **options):
    """Runs a command that shuts down cleanly by itself when we are interrupted, and interrupts us then.

    Terraform then writes its state and gives the lock back; subprocess.run alone would kill it after a quarter of a
    second. Whoever cancels a job signals this process alone, a terminal its whole group. So the command has a session
    of its own, and gets SIGINT once from here; again only for another SIGINT, by which Terraform stops at once.
    each: takes each line of what the command prints
    """
    signals, process = [], None

    def forward(number, _):
        signals.append(number)
        if process and (number == signal.SIGINT or len(signals) == 1):
            process.send_signal(signal.SIGINT)

    before = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        piped = {"stdout": subprocess.PIPE} if each else {}
        process = subprocess.Popen(command, text=True, start_new_session=True, **piped, **options)
        if signals:
            process.send_signal(signal.SIGINT)
        for line in process.stdout if each else ():
            each(line)
        out, err = process.communicate()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if signals:
        raise KeyboardInterrupt
    return subprocess.CompletedProcess(command, process.returncode, out, err)
