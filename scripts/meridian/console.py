"""Output and errors of the commands, and how they run other programs."""

import contextlib
import dataclasses
import http.client
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Problem(Exception):
    """An error that the user can fix: what is wrong, and what to do."""

    def __init__(self, what, how):
        super().__init__(what)
        self.what = what
        self.how = how


@dataclasses.dataclass(frozen=True)
class Command:
    """A command for the user to type next, such as ./taskw canary-aws ENV=staging WITHDRAW=1."""

    task: str
    settings: dict

    def __str__(self):
        return " ".join(["./taskw", self.task,
            *(f"{name}={shlex.quote(value)}" for name, value in self.settings.items())])


def say(*lines):
    for line in lines:
        print(line, flush=True)


def report(checks, word):
    """Print each check's result; return the number of failures. A shared cause, such as credentials, counts once."""
    failed = set()
    for check in checks:
        try:
            say(f"ok       {check()}")
        except (Problem, OSError, http.client.HTTPException) as problem:
            if str(problem) not in failed:
                failed.add(str(problem))
                say(f"{word:8} {problem}", f"         {getattr(problem, 'how', 'The connection failed.')}")
    return len(failed)


def typed(question):
    """What the user types; empty if there is nobody, or after Ctrl-C."""
    try:
        return input(question).strip()
    except (EOFError, KeyboardInterrupt, RuntimeError):  # the last if standard input is closed
        say("")
        return ""


def confirm(what, name, given):
    """Stop unless the name was given or is typed."""
    entered = given or typed(f"{what} Type {name} to confirm: ")
    if entered != name:
        raise Problem(f'"{entered}" is not {name}.', "Nothing was removed.")


def number(name, text, default, low, high, whole=False):
    """A setting as a number; Problem if it is not one from low to high."""
    with contextlib.suppress(ValueError):
        value = (int if whole else float)(text or default)
        if low <= value <= high:
            return value
    raise Problem(f'{name} is "{text}".', f"It must be a {'whole ' if whole else ''}number from {low:g} to {high:g}.")


# Links for tools that doctor does not check.
GET = {"skopeo": "https://github.com/containers/skopeo/blob/main/install.md"}


def missing(tool, why="this command runs it", get=None):
    """Problem for a missing tool, always in the same words, so that it is printed once."""
    get = get or GET.get(tool)
    return Problem(f"{tool} is missing: {why}.",
        f"Install it: {get}" if get else "./taskw doctor-aws, -azure or -gcp shows where to get it.")


def run(*command, check=True, **options):
    """Run a command and capture its output; without check the caller handles returncode and stderr."""
    if not shutil.which(command[0]):
        raise missing(command[0])
    done = subprocess.run(command, text=True, capture_output=True, **options)
    if check and done.returncode:
        raise Problem(f"{' '.join(command)} exited with {done.returncode}.", done.stderr.strip() or done.stdout.strip())
    return done


class Printed:
    """A command's output, in a file. A pipe would break if this program is killed or Ctrl-C also ends its reader, and
    writing to a broken pipe would kill the command."""

    def __init__(self):
        self.file = tempfile.TemporaryFile()  # noqa: SIM115  closed with its last reference
        self.passed = 0

    def fresh(self, ended):
        """Lines since the last call; only complete ones until the command has ended."""
        new = os.pread(self.file.fileno(), os.fstat(self.file.fileno()).st_size - self.passed, self.passed)
        lines = new if ended else new[:new.rfind(b"\n") + 1]
        self.passed += len(lines)
        return lines.splitlines(keepends=True)

    def all(self):
        self.file.seek(0)
        return self.file.read().decode()


def patiently(*command, each=None, **options):
    """Run a command. If we are interrupted, let it shut down cleanly, then raise KeyboardInterrupt.

    Terraform then writes its state and releases the lock; subprocess.run would kill it after a quarter of a second.
    Cancelling a job signals only this process, but a terminal signals its whole group. So the command has its own
    session and gets SIGINT once from here; again only for another SIGINT, at which Terraform stops at once.
    If we are killed, the command runs to its end.
    each: called with each line that the command prints
    """
    signals, process = [], None

    def forward(number, _):
        signals.append(number)
        if process and (number == signal.SIGINT or len(signals) == 1):
            process.send_signal(signal.SIGINT)

    printed = {name: Printed() for name in ("stdout", "stderr") if options.get(name) in (None, subprocess.PIPE)}
    live = [(printed[name], getattr(sys, name)) for name in printed if name not in options]

    def pass_on(ended):
        for output, stream in live:
            for line in output.fresh(ended):
                if each:
                    each(line.decode(errors="replace"))
                with contextlib.suppress(OSError):  # our reader may have exited, but the command must still finish
                    stream.buffer.write(line)
                    stream.flush()

    before = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        process = subprocess.Popen(command, start_new_session=True,
            **{**options, **{name: output.file for name, output in printed.items()}})
        if signals:
            process.send_signal(signal.SIGINT)
        while process.returncode is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
            pass_on(ended=process.returncode is not None)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if signals:
        raise KeyboardInterrupt
    return subprocess.CompletedProcess(command, process.returncode,
        *(printed[name].all() if name in options and name in printed else None for name in ("stdout", "stderr")))
