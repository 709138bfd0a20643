"""Running out of file descriptors through the public port."""

import contextlib
import http.client
import os
import resource
import socket
import time

import pytest
from support.service import Service

pytestmark = pytest.mark.check


@contextlib.contextmanager
def connections(port, number):
    """Hold connections open; those that are not accepted wait in the listener's queue."""
    with contextlib.ExitStack() as stack:
        for _ in range(number):
            connection = stack.enter_context(socket.socket())
            connection.settimeout(1)
            with contextlib.suppress(OSError):
                connection.connect(("127.0.0.1", port))
        yield


def state(service):
    """Return the state of the service as seen from outside."""
    if service.process.poll() is not None:
        return "ended"
    for name, path, port in [("serves", "/", service.port), ("says that it is down", "/live", service.admin_port)]:
        try:
            response = service.get(path, port=port)
        except (OSError, http.client.HTTPException):
            continue
        if (response.status == 200) == (name == "serves"):
            return name
    return "neither serves nor says so"


def test_the_service_survives_running_out_of_descriptors(service_command, tmp_path):
    service = Service(service_command, {}, tmp_path)
    try:
        pid = service.process.pid
        assert state(service) == "serves"
        _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        # Lowered while it runs, because it does not start with a limit too small for its settings.
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{pid}/fd")) + 100, hard))
        with connections(service.port, 300):
            time.sleep(3)
        assert "cannot accept connections: Too many open files" in service.path.read_text()
        end = time.monotonic() + 10
        while (seen := state(service)) != "serves" and time.monotonic() < end:
            time.sleep(0.2)
        assert seen == "serves", service.path.read_text()[-3000:]
    finally:
        service.process.kill()
