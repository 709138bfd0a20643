"""Entry point of all commands on a cloud, for ./taskw and pipelines: python3 scripts/meridian --help."""

import os
import sys

if sys.version_info < (3, 9):  # noqa: UP036  an older Python gets here
    sys.exit("python3 is {}.{}, but 3.9 or newer is needed: https://www.python.org/downloads".format(*sys.version_info))
for stream in filter(None, (sys.stdout, sys.stderr)):
    stream.reconfigure(errors="replace")  # the terminal's encoding may lack characters

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from meridian.cli import main  # noqa: E402  importable only now

main(sys.argv[1:])
