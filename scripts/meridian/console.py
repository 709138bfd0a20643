"""What the programs of this folder say, and how they fail."""

import contextlib
import shutil
import signal
import subprocess
import sys


class Problem(Exception):
    """Something that the person at the keyboard can mend: what is wrong, and how to go on."""

    def __init__(self, what, how):
        super().__init__(what)
        self.what = what
        self.how = how


def say(*lines):
    for line in lines:
        print(line, flush=True)


def main(program):
    """Runs a program; a Problem becomes two lines on stderr and exit code 1."""
    try:
        sys.exit(program() or 0)
    except Problem as problem:
        sys.stdout.flush()
        print(f"Error: {problem.what}\n  {problem.how}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def run(*command, check=True, **options):
    """Runs a command for its output; without check the caller looks at returncode and stderr."""
    if not shutil.which(command[0]):
        raise Problem(f"{command[0]} is not installed.", "The task doctor of this cloud says where to get it.")
    done = subprocess.run(command, text=True, capture_output=True, **options)
    if check and done.returncode:
        raise Problem(f"{' '.join(command)} failed with {done.returncode}.", done.stderr.strip() or done.stdout.strip())
    return done


@contextlib.contextmanager
def patience():
    """Lets a command in its body end by itself when we are interrupted, and interrupts us then.

    A Ctrl-C reaches the command too. Terraform then stops in good order, writes its state and gives
    the lock back; subprocess.run alone would kill it after a quarter of a second.
    """
    signals = []
    before = {
        number: signal.signal(number, lambda number, _: signals.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if signals:
        raise KeyboardInterrupt
