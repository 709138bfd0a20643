"""moto's AWS as the rehearsals have it, with buckets whose old versions can be deleted.

Usage: state_moto.py PORT CALLS
"""

import sys

import moto_server
from moto.s3.models import FakeDeleteMarker

# moto disposes of a version's content when it is deleted, and calls this on delete markers too, which lack it.
FakeDeleteMarker.dispose = lambda self, *_, **__: None

moto_server.main(*sys.argv[1:])
