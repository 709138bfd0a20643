"""What the commands say, how they fail, and how they run others."""

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


def report(checks, word):
    """Says what each check saw; how many failed. What several fail for alike, such as credentials, is said once."""
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
    """What somebody answers; nothing where nobody is there, or by Ctrl-C."""
    try:
        return input(question).strip()
    except (EOFError, KeyboardInterrupt, RuntimeError):  # the last where standard input is closed
        say("")
        return ""


def confirm(what, name, given):
    """Stops unless the name was given, or is typed."""
    said = given or typed(f"{what} Type {name} to confirm: ")
    if said != name:
        raise Problem(f'"{said}" is not {name}.', "Nothing was removed.")


def number(name, text, default, low, high, whole=False):
    """A setting as a number; Problem where it is none that makes sense."""
    with contextlib.suppress(ValueError):
        value = (int if whole else float)(text or default)
        if low <= value <= high:
            return value
    raise Problem(f'{name} is "{text}".', f"It must be a {'whole ' if whole else ''}number from {low:g} to {high:g}.")


# Of what no doctor asks for.
GET = {"skopeo": "https://github.com/containers/skopeo/blob/main/install.md"}


def missing(tool, why="this command runs it", get=None):
    """The same words wherever a tool is found to be missing, so that they are told once."""
    get = get or GET.get(tool, "./taskw doctor-aws, -azure or -gcp shows where to get it")
    return Problem(f"{tool} is missing: {why}.", f"Install it; {get}" if get.startswith("./taskw") else f"Install it: {get}")


def run(*command, check=True, **options):
    """Runs a command for its output; without check the caller looks at returncode and stderr."""
    if not shutil.which(command[0]):
        raise missing(command[0])
    done = subprocess.run(command, text=True, capture_output=True, **options)
    if check and done.returncode:
        raise Problem(f"{' '.join(command)} exited with {done.returncode}.", done.stderr.strip() or done.stdout.strip())
    return done


class Printed:
    """What a command prints, in a file. A pipe would break where this program is killed, or a Ctrl-C also ends who
    reads it, and the system kills what prints into a broken one."""

    def __init__(self):
        self.file = tempfile.TemporaryFile()  # noqa: SIM115  closed with its last reference
        self.passed = 0

    def fresh(self, ended):
        """Lines since the last call, whole ones as long as more may come."""
        new = os.pread(self.file.fileno(), os.fstat(self.file.fileno()).st_size - self.passed, self.passed)
        lines = new if ended else new[:new.rfind(b"\n") + 1]
        self.passed += len(lines)
        return lines.splitlines(keepends=True)

    def all(self):
        self.file.seek(0)
        return self.file.read().decode()


def patiently(*command, each=None, **options):
    """Runs a command that shuts down cleanly by itself when we are interrupted, and interrupts us then.

    Terraform then writes its state and gives the lock back; subprocess.run alone would kill it after a quarter of a
    second. Whoever cancels a job signals this process alone, a terminal its whole group. So the command has a session
    of its own, and gets SIGINT once from here; again only for another SIGINT, by which Terraform stops at once.
    If we are killed, it goes on to its end.
    each: takes each line of what the command prints
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
                with contextlib.suppress(OSError):  # nobody may read us any more, and the command is waited for
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
