"""The boot configuration of the virtual machine, tested by booting a machine with it.

systemd is the first process of a container that has an engine of its own; cloud-init reads the user
data as in a cloud. No test here runs the clouds' own systems: Amazon Linux, Ubuntu and
Container-Optimized OS.
"""

import http.client
import json
import os
import re
import socket
import ssl
import subprocess
import time

import pytest
from support.browser import opened
from support.images import sources
from support.machine import ROOT
from vm.cloud import REGISTRIES, SECRETS, VAULT, Cloud
from vm.machine import Machine, Network, docker, haproxy

pytestmark = [pytest.mark.check, pytest.mark.needs("docker", "mmdebstrap", "docker-registry", "terraform", "root")]

GREETING = "Hello \"World\" & 100 % of <b>$HOME</b>, it's #1! ©"
NAMES = [*REGISTRIES.values(), VAULT, SECRETS]


def render(folder, cloud, image, packages=(), log_options="", certificate=None):
    """Return the user data of a cloud, as its stack renders it."""
    values = {
        "identity": (ROOT / f"stacks/vm/{cloud}/identity.sh").read_text().strip(),
        "packages": list(packages),
        "image": image,
        "greeting": GREETING,
        "memory": 768,
        "certificate": certificate,
        "log_options": log_options,
    }
    folder.mkdir(exist_ok=True)
    (folder / "values.json").write_text(json.dumps(values))
    (folder / "template").write_text((ROOT / "stacks/vm/boot/cloud-config.yaml.tftpl").read_text())
    (folder / "main.tf").write_text(
        'output "user_data" {\n  value = templatefile("${path.module}/template", '
        'jsondecode(file("${path.module}/values.json")))\n}\n'
    )
    for arguments in (("init", "-input=false"), ("apply", "-auto-approve")):
        subprocess.run(["terraform", f"-chdir={folder}", *arguments], check=True, capture_output=True)
    done = subprocess.run(["terraform", f"-chdir={folder}", "output", "-raw", "user_data"], check=True,
        capture_output=True, text=True)
    return done.stdout


@pytest.fixture(scope="module")
def network():
    with Network() as network:
        yield network


@pytest.fixture(scope="module")
def cloud(network, registry, tmp_path_factory):
    with Cloud(tmp_path_factory.mktemp("cloud"), network.gateway, registry) as cloud:
        network.lead("169.254.169.254", cloud.metadata)
        yield cloud


@pytest.fixture(scope="module")
def digest(cloud, with_base, tmp_path_factory):
    """Digest of the service's image in the registry; MERIDIAN_IMAGE names one that the engine already has."""
    target = f"{cloud.registry}/meridian:test"
    if os.environ.get("MERIDIAN_IMAGE"):
        docker("tag", os.environ["MERIDIAN_IMAGE"], target)
        pushed = docker("push", target)
        docker("rmi", target)
        return re.search(r"sha256:[0-9a-f]{64}", pushed)[0]
    environment = {**os.environ, **with_base, "IMAGE": target, "APP": str(sources(tmp_path_factory.mktemp("sources")))}
    done = subprocess.run([ROOT / "modules/image/push"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def machine(cloud, network, digest, tmp_path_factory):
    """Booted as on Azure, where Docker comes as a package and the log goes to syslog."""
    folder = tmp_path_factory.mktemp("machine")
    image = f"{REGISTRIES['azure']}/meridian@{digest}"
    user_data = render(folder / "render", "azure", image, packages=["docker.io"], log_options="--log-driver none")
    machine = Machine(folder, network, cloud, user_data, NAMES)
    try:
        machine.seconds = machine.until_it_answers(300)
        yield machine
    finally:
        machine.end()


def test_the_page_shows_the_greeting_after_the_first_boot(machine, digest):
    status, headers, page = machine.get("/hello")
    shown = GREETING.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    assert status == 200
    assert f"<h1>{shown}</h1>" in page
    assert headers["Service-Version"] == digest
    assert machine.get("/")[2] == page


def test_the_user_data_is_accepted_without_a_warning(machine):
    status = machine.bash("cloud-init status --wait --long", check=False)
    assert "status: done" in status, status + machine.bash(
        "grep -E 'WARN|ERR|Trace|fail' -A12 /var/log/cloud-init.log | tail -80", check=False)
    assert machine.bash("cloud-init schema --system 2>&1",
        check=False).splitlines()[-1].startswith("Valid cloud-config")
    log = machine.run("cat", "/var/log/cloud-init.log")
    assert [line for line in log.splitlines() if "WARNING" in line and "systemd" not in line] == []


def test_the_image_was_pulled_with_the_machines_identity(machine, cloud, digest):
    asked = [(path, allowed) for host, _, path, allowed in cloud.seen if host == REGISTRIES["azure"]]
    assert ("/v2/", False) in asked, "The registry refuses requests without a login."
    assert (f"/v2/meridian/manifests/{digest}", True) in asked
    assert machine.container()["Config"]["Image"].endswith(f"@{digest}")


def test_the_login_is_kept_in_memory_only(machine):
    assert machine.run("findmnt", "--noheadings", "--output", "FSTYPE", "--target", "/run/meridian") == "tmpfs"
    assert machine.bash("find / -xdev -name config.json -path '*docker*' 2>/dev/null", check=False) == ""


def test_the_container_has_minimal_privileges(machine):
    container = machine.container()
    host = container["HostConfig"]
    assert host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"] and not host["Privileged"]
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["Memory"] == 768 * 1024 * 1024
    assert container["Config"]["User"] == "65532:65532"
    assert host["PortBindings"] == {"8080/tcp": [{"HostIp": "", "HostPort": "80"}]}


def test_no_other_port_is_open(machine):
    listening = machine.bash("ss --no-header --listening --numeric --tcp --udp | awk '{print $1, $5}'")
    outside = {line for line in listening.splitlines() if "127.0.0." not in line and "[::1]" not in line}
    assert "tcp 0.0.0.0:80" in outside
    assert {line.rpartition(":")[2] for line in outside} == {"22", "80"}


def test_the_log_goes_to_syslog_with_the_clients_address(machine, cloud):
    assert machine.get("/openapi.yaml")[0] == 200
    time.sleep(1)
    entries = [json.loads(line) for line in machine.run("journalctl", "--unit=meridian", "--output=json").splitlines()]
    # local0, which Azure's collection rule selects.
    lines = [entry["MESSAGE"]
        for entry in entries if (entry.get("SYSLOG_FACILITY"), entry["SYSLOG_IDENTIFIER"]) == ("16", "meridian")]
    requests = [json.loads(line) for line in lines if line.startswith("{") and '"request"' in line]
    assert {line["client_address"] for line in requests if line["path"] == "/openapi.yaml"} == {cloud.address}


def test_nobody_can_log_in(machine):
    assert machine.bash("cat /var/lib/cloud/seed/nocloud/meta-data").count("ssh-ed25519 ") == 1, "A key is handed out."
    assert machine.bash("find / -xdev -name authorized_keys -size +0 2>/dev/null", check=False) == ""
    passwords = dict(line.split(":")[:2] for line in machine.run("getent", "shadow").splitlines())
    assert set(passwords.values()) <= {"*", "!", "!*", "!!"}
    for user in ("root", "debian"):
        response = machine.bash(f"ssh -o StrictHostKeyChecking=no -o BatchMode=yes {user}@127.0.0.1 true 2>&1",
            check=False)
        assert response.splitlines()[-1] == f"{user}@127.0.0.1: Permission denied (publickey)."


def test_the_container_cannot_reach_the_metadata_server(machine):
    token = "http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token"
    ask = f"curl --silent --max-time 3 --header 'Metadata-Flavor: Google' {token}"
    inside = f"nsenter --net --target {machine.process()} {ask}"
    assert "access_token" in machine.bash(ask)
    assert machine.bash(inside, check=False) == ""
    # It is the rule that separates them, and starting the service restores it.
    machine.bash("iptables --delete DOCKER-USER --destination 169.254.169.254 --jump DROP")
    assert "access_token" in machine.bash(inside)
    machine.run("systemctl", "restart", "meridian")
    machine.until_it_answers(60)
    assert machine.bash(f"nsenter --net --target {machine.process()} {ask}", check=False) == ""


def test_a_killed_process_is_restarted(machine):
    before = machine.process()
    machine.run("kill", "-KILL", str(before))
    seconds = machine.until_it_answers(60, other_than=before)
    print(f"back after {seconds:.1f} s")


def test_a_service_whose_docker_client_is_killed_is_restarted(machine):
    before = machine.process()
    machine.run("systemctl", "kill", "--signal=KILL", "meridian")
    machine.until_it_answers(60, other_than=before)
    assert len(machine.run("docker", "ps", "--quiet").split()) == 1


def test_a_restart_of_docker_brings_the_service_back(machine):
    before = machine.process()
    machine.run("systemctl", "restart", "docker")
    machine.until_it_answers(90, other_than=before)


def test_a_stop_is_not_a_failure(machine):
    machine.run("systemctl", "stop", "meridian")
    shown = machine.run("systemctl", "show", "meridian", "--property=Result,ActiveState")
    assert set(shown.split()) == {"Result=success", "ActiveState=inactive"}
    machine.run("systemctl", "start", "meridian")
    machine.until_it_answers(60)


def test_a_reboot_brings_the_service_back_without_its_registry(machine, cloud):
    cloud.seen.clear()
    before = machine.run("cat", "/proc/1/stat").split()[21]
    machine.start("restart")
    assert machine.run("cat", "/proc/1/stat").split()[21] != before
    machine.until_it_answers(120)
    assert cloud.seen == [], "The image is here already."


@pytest.mark.needs("chromium")
def test_the_page_is_shown_in_a_browser(machine):
    with opened(f"http://{machine.address}/", width=390) as (page, errors):
        assert (page.title(), page.text_content("h1"), errors) == (GREETING, GREETING, [])


@pytest.fixture(scope="module")
def secure(cloud, network, digest, tmp_path_factory):
    """Booted as on Google Cloud, where Docker is preinstalled, with a certificate."""
    folder = tmp_path_factory.mktemp("secure")
    target = f"{cloud.registry}/haproxy:test"
    docker("tag", haproxy(), target)
    proxy = re.search(r"sha256:[0-9a-f]{64}", docker("push", target))[0]
    docker("rmi", target)
    registry = REGISTRIES["gcp"]
    certificate = {
        "name": "hello.example.com",
        "secret": "projects/p/secrets/hello/versions/1",
        "proxy": f"{registry}/haproxy@{proxy}",
    }
    user_data = render(
        folder / "render",
        "gcp",
        f"{registry}/meridian@{digest}",
        log_options="--log-driver json-file --log-opt max-size=10m --log-opt max-file=3",
        certificate=certificate,
    )
    machine = Machine(folder, network, cloud, user_data, NAMES)
    try:
        machine.until_it_answers(300)
        yield machine
    finally:
        machine.end()


def secured(machine, cloud, path, **headers):
    """Return status, headers and text over TLS, which must present the certificate's name."""
    context = ssl.create_default_context(cafile=cloud.authority)
    plain = socket.create_connection((machine.address, 443), timeout=5)
    with context.wrap_socket(plain, server_hostname="hello.example.com") as connection:
        lines = [f"GET {path} HTTP/1.1", "Host: hello.example.com", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        response = http.client.HTTPResponse(connection)
        response.begin()
        return response.status, response.headers, response.read().decode()


def test_two_units_that_start_at_once_create_one_network(secure):
    """If two networks are created at once, Docker accepts the same name for both, and then refuses it for ever."""
    secure.bash("""
        systemctl stop meridian meridian-proxy
        docker network rm meridian
        cat >/usr/local/bin/docker <<'END'
#!/bin/bash
[[ "$1 $2" == "network create" ]] && echo made >>/run/networks
/usr/bin/docker "$@"
code=$?
[[ "$1 $2" == "network inspect" ]] && sleep 2
exit $code
END
        chmod +x /usr/local/bin/docker
        systemctl start --no-block meridian meridian-proxy""")
    try:
        secure.until_it_answers(60)
        assert secure.run("cat", "/run/networks").split() == ["made"]
    finally:
        secure.bash("rm /usr/local/bin/docker")


def test_with_a_certificate_443_serves_the_page(secure, cloud, digest):
    status, headers, page = secured(secure, cloud, "/")
    assert status == 200 and "<h1>Hello " in page and headers["Service-Version"] == digest


def test_with_a_certificate_80_redirects_to_443_but_serves_the_load_balancer(secure):
    status, headers, _ = secure.get("/hello?x=1")
    assert (status, headers["Location"]) == (308, f"https://{secure.address}/hello?x=1")
    assert secure.get("/now")[0] == 200


def test_behind_the_proxy_a_client_cannot_forge_its_address(secure, cloud):
    secured(secure, cloud, "/now", X_Forwarded_For="192.0.2.66", User_Agent="forger")
    lines = [json.loads(line) for line in secure.run("docker", "logs", "meridian").splitlines()]
    assert {line["client_address"] for line in lines if line.get("user_agent") == "forger"} == {cloud.address}


def test_the_private_key_is_in_memory_and_for_the_proxy_only(secure):
    file = "/run/meridian-proxy/certificate/certificate.pem"
    assert secure.run("stat", "--format", "%a %u", file) == "600 65532"
    assert secure.run("findmnt", "--noheadings", "--output", "FSTYPE", "--target", file) == "tmpfs"
    assert secure.bash("grep -rl 'PRIVATE KEY' /etc/meridian /var/lib/cloud 2>/dev/null", check=False) == ""
    assert secure.container("meridian-proxy")["HostConfig"]["CapDrop"] == ["ALL"]


def test_a_killed_proxy_is_restarted(secure, cloud):
    before = secure.process("meridian-proxy")
    secure.run("kill", "-KILL", str(before))
    end = time.monotonic() + 60
    while secure.process("meridian-proxy") in (None, before):
        assert time.monotonic() < end
        time.sleep(0.5)
    secure.until_it_answers(60)
    assert secured(secure, cloud, "/")[0] == 200


def test_the_proxy_finds_a_restarted_service_again(secure, cloud):
    before = secure.process()
    secure.run("kill", "-KILL", str(before))
    secure.until_it_answers(60, other_than=before)
    assert secured(secure, cloud, "/")[0] == 200


def test_a_key_vault_secret_arrives_as_stored(machine, cloud):
    read = machine.bash(f"set -euo pipefail; . /etc/meridian/identity.sh; read_secret https://{VAULT}/secrets/hello")
    assert read.strip() == cloud.secret.strip()
