"""moto's AWS as the rehearsals have it, with buckets whose old versions can be deleted.

Usage: state_moto.py PORT CALLS
"""

import sys

import moto_server
from moto.s3.models import FakeDeleteMarker

# moto frees what a version holds when it is deleted, and asks delete markers to do so too.
FakeDeleteMarker.dispose = lambda self, *_, **__: None

moto_server.main(*sys.argv[1:])
