"""Behind a real load balancer: instances are replaced without a lost request, and the client's address arrives."""

import contextlib
import http.client
import itertools
import json
import subprocess
import time

import pytest
from support.images import get, wait_for
from support.load import Load
from support.service import Service, free_port

pytestmark = [pytest.mark.check, pytest.mark.needs("nginx")]


class Nginx:
    """nginx as a load balancer that never retries a request."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.process = None

    def balance(self, ports):
        """Send to these ports of this machine from the next request on."""
        servers = "".join(f"server 127.0.0.1:{port} max_fails=0;" for port in ports)
        (self.folder / "nginx.conf").write_text(f"""
            daemon off; worker_processes 1; pid nginx.pid; error_log error.log;
            events {{}}
            http {{
              access_log off;
              client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u;
    scgi_temp_path s;
              upstream service {{ {servers} keepalive 16; }}
              server {{
                listen 127.0.0.1:{self.port};
                location / {{
                  proxy_pass http://service;
                  proxy_http_version 1.1;
                  proxy_next_upstream off;
                  proxy_set_header Connection "";
                  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                  proxy_set_header X-Client-Address $remote_addr;
                }}
              }}
            }}
            """)
        command = ["nginx", "-p", self.folder, "-c", "nginx.conf", "-e", "error.log"]
        if self.process is None:
            self.process = subprocess.Popen(command)
        else:
            subprocess.run([*command, "-s", "reload"], check=True)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture
def nginx(tmp_path):
    balancer = Nginx(tmp_path)
    yield balancer
    balancer.stop()


def test_replacing_both_instances_under_load_loses_no_request(service_command, nginx, tmp_path_factory):
    numbers = itertools.count(1)

    def start():
        folder = tmp_path_factory.mktemp("instance")
        return Service(
            service_command,
            {"MERIDIAN_VERSION": str(next(numbers)), "MERIDIAN_ACCESS_LOG": "errors", "MERIDIAN_DRAIN_DELAY": "4s"},
            folder,
        )

    with contextlib.ExitStack() as stack:
        instances = [start(), start()]
        stack.callback(lambda: [instance.process.kill() for instance in instances])
        nginx.balance([instance.port for instance in instances])
        wait_for(f"http://127.0.0.1:{nginx.port}/")
        with Load("127.0.0.1", nginx.port, rate=400, keep_alive=False) as load:
            load.wait_for(3000)
            for _ in range(2):
                old = instances[0]
                instances.append(start())
                nginx.balance([instance.port for instance in instances])
                old.process.terminate()
                # Poll the readiness as a load balancer does.
                while get(f"http://127.0.0.1:{old.admin_port}/ready")[0] == 200:
                    time.sleep(0.1)
                time.sleep(1)
                instances.remove(old)
                nginx.balance([instance.port for instance in instances])
                assert old.process.wait(15) == 0
                load.wait_for(load.answered + 3000)
            load.wait_for(20_000, 120)
        assert load.lost == [] and load.refused == 0
        assert load.statuses == {200: load.answered}
        assert set(load.versions) == {"1", "2", "3", "4"}


@pytest.mark.parametrize(
    "strategy, through_balancer",
    [("peer", False), ("x-forwarded-for:1", True), ("header:X-Client-Address", True)],
)
def test_the_reported_address_is_the_clients(service_command, nginx, tmp_path, strategy, through_balancer):
    service = Service(service_command, {"MERIDIAN_CLIENT_ADDRESS": strategy}, tmp_path)
    try:
        nginx.balance([service.port])
        wait_for(f"http://127.0.0.1:{nginx.port}/")
        for forged in [None, "203.0.113.7", "203.0.113.7, 198.51.100.9", '"203.0.113.7:80"', "127.0.0.3," * 200]:
            headers = {} if forged is None else {"X-Forwarded-For": forged, "X-Client-Address": forged}
            connection = http.client.HTTPConnection(
                "127.0.0.1", nginx.port if through_balancer else service.port, source_address=("127.0.0.2", 0)
            )
            with contextlib.closing(connection):
                connection.request("GET", "/", headers=headers)
                assert json.load(connection.getresponse())["ip"] == "127.0.0.2", forged
    finally:
        service.stop()
