"""Every command on a cloud, for people behind ./taskw and for pipelines: python3 scripts/meridian --help."""

import os
import sys

if sys.version_info < (3, 9):  # noqa: UP036  which says so
    sys.exit("python3 is {}.{}, but 3.9 or newer is needed: https://www.python.org/downloads".format(*sys.version_info))
for stream in filter(None, (sys.stdout, sys.stderr)):
    stream.reconfigure(errors="replace")  # of a terminal that has not every letter

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from meridian.cli import main  # noqa: E402  found only now

main(sys.argv[1:])
