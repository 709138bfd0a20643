"""Every command on a cloud, for people behind ./taskw and for pipelines: python3 scripts/meridian --help."""

import os
import sys

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from meridian.cli import main  # noqa: E402  found only now

main(sys.argv[1:])
