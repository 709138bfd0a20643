"""A machine that boots as in a cloud: systemd as its first process, cloud-init with our user data.

It is a container of the local Docker engine, built from Debian packages, with an engine of its own.
"""

import hashlib
import http.client
import json
import pathlib
import subprocess
import tarfile
import time
import uuid

CACHE = pathlib.Path(__file__).resolve().parents[2] / ".cache"
# What the clouds' systems contain before they get our user data.
PACKAGES = (
    "systemd systemd-sysv dbus udev cloud-init openssh-server locales docker.io iptables"
    " curl ca-certificates python3 iproute2 procps util-linux"
)
SUITE = "bookworm"
# The key that the cloud hands out; it must not give access.
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM0Ma70LJv0CiYPteInHTm7qg0UaRtQDFM93IgiqE32g"
# What Docker's --privileged would give, except for a right that not every engine can give.
RIGHTS = (
    *("--cap-add", "ALL", "--cap-drop", "SYS_RESOURCE"),
    *("--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"),
    *("--security-opt", "systempaths=unconfined", "--device-cgroup-rule", "a *:* rwm"),
)


def docker(*arguments, check=True, **options):
    done = subprocess.run(["docker", *map(str, arguments)], text=True, capture_output=True, **options)
    assert not check or done.returncode == 0, f"docker {' '.join(map(str, arguments))}: {done.stderr or done.stdout}"
    return done.stdout.strip()


def base():
    """Return the engine's image of the machine's system; built once, in some 3 minutes."""
    name = "meridian-machine:" + hashlib.sha256(f"{SUITE} {PACKAGES}".encode()).hexdigest()[:12]
    if not docker("images", "--quiet", name):
        CACHE.mkdir(exist_ok=True)
        tar = CACHE / "machine.tar"
        options = ["--variant=minbase", "--include=" + ",".join(PACKAGES.split()), SUITE, str(tar)]
        done = subprocess.run(["mmdebstrap", *options], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        docker("import", tar, name)
        tar.unlink()
    return name


def haproxy():
    """Return the engine's image of HAProxy, like the published one; built once, in half a minute."""
    name = f"meridian-haproxy:{SUITE}"
    if not docker("images", "--quiet", name):
        CACHE.mkdir(exist_ok=True)
        tar = CACHE / "haproxy.tar"
        done = subprocess.run(["mmdebstrap", "--variant=extract", "--include=haproxy", SUITE, str(tar)],
            capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        docker("import", "--change", "ENV PATH=/usr/sbin:/usr/bin", tar, name)
        tar.unlink()
    return name


class Network:
    """A network of the engine, and this machine's address in it."""

    def __enter__(self):
        self.name = f"meridian-test-{uuid.uuid4().hex[:8]}"
        docker("network", "create", self.name)
        network = json.loads(docker("network", "inspect", self.name))[0]
        self.gateway = network["IPAM"]["Config"][0]["Gateway"]
        self.bridge = "br-" + network["Id"][:12]
        self.rules = []
        return self

    def lead(self, address, port):
        """Redirect the network's packets to port 80 of an address to a port of ours."""
        rule = f"-i {self.bridge} -d {address} -p tcp --dport 80 -j DNAT --to-destination {self.gateway}:{port}".split()
        subprocess.run(["iptables", "--wait", "-t", "nat", "-I", "PREROUTING", *rule], check=True, capture_output=True)
        self.rules.append(rule)

    def __exit__(self, *_):
        for rule in self.rules:
            subprocess.run(["iptables", "--wait", "-t", "nat", "-D", "PREROUTING", *rule], capture_output=True)
        docker("network", "rm", self.name, check=False)


class Machine:
    def __init__(self, folder, network, cloud, user_data, names):
        self.folder = pathlib.Path(folder)
        hosts = [f"--add-host={name}:{network.gateway}" for name in names]
        # An engine on cgroups version 1 needs the whole hierarchy below its own.
        groups = ("--cgroupns=host", "--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw")
        if pathlib.Path("/sys/fs/cgroup/cgroup.controllers").exists():
            groups = ("--cgroupns=private",)
        self.id = docker(
            *("create", *RIGHTS, *groups, "--network", network.name, *hosts, "--hostname=machine"),
            *("--tmpfs=/run:exec", "--tmpfs=/tmp", "--volume=/var/lib/docker", "--env=container=docker"),
            *("--stop-signal=SIGRTMIN+3", base(), "/sbin/init"),
        )
        self.write("var/lib/cloud/seed/nocloud/meta-data", f"instance-id: machine-1\npublic-keys:\n  - {KEY}\n")
        self.write("var/lib/cloud/seed/nocloud/user-data", user_data)
        # As in the clouds' images: the network is up, and the locale exists.
        self.write("etc/cloud/cloud.cfg.d/99-image.cfg", "network: {config: disabled}\nlocale: C.UTF-8\n")
        bundle = docker("run", "--rm", "--entrypoint=/bin/cat", base(), "/etc/ssl/certs/ca-certificates.crt")
        self.write("etc/ssl/certs/ca-certificates.crt", bundle + "\n" + cloud.authority.read_text())
        self.start("start")

    def write(self, path, text):
        file = self.folder / "entry"
        file.write_text(text)
        archive = self.folder / "entry.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(file, arcname=path)
        with open(archive, "rb") as stream:
            done = subprocess.run(["docker", "cp", "-", f"{self.id}:/"], stdin=stream, capture_output=True)
        assert done.returncode == 0, done.stderr

    def start(self, how):
        """docker start is power on, docker restart a reboot."""
        docker(how, *(("--time", "60") if how == "restart" else ()), self.id)
        state = json.loads(docker("inspect", self.id))[0]
        self.address = next(iter(state["NetworkSettings"]["Networks"].values()))["IPAddress"]

    def run(self, *command, check=True, **options):
        return docker("exec", *(["--interactive"] if "input" in options else []), self.id, *command, check=check,
            **options)

    def bash(self, script, check=True):
        return self.run("bash", "-c", script, check=check)

    def container(self, name="meridian"):
        """Return what the machine's engine reports on a container, or None if there is none."""
        found = self.run("docker", "inspect", name, check=False)
        return json.loads(found)[0] if found.startswith("[{") or found.startswith("[\n    {") else None

    def get(self, path, port=80, timeout=2):
        connection = http.client.HTTPConnection(self.address, port, timeout=timeout)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.headers, response.read().decode()
        finally:
            connection.close()

    def until_it_answers(self, seconds, path="/now", other_than=None):
        """Return the seconds until the service responds with 200, from another process than `other_than`."""
        begin = time.monotonic()
        seen = None
        while time.monotonic() - begin < seconds:
            try:
                seen = self.get(path)[0]
                if seen == 200 and (other_than is None or self.process() not in (None, other_than)):
                    return time.monotonic() - begin
            except OSError as error:
                seen = error
            time.sleep(0.5)
        raise AssertionError(f"{path} did not respond within {seconds} s: {seen}\n{self.journal()}")

    def process(self, name="meridian"):
        """Return a container's process ID as the machine counts them, or None if it does not run."""
        found = self.container(name)
        return found["State"]["Pid"] if found and found["State"]["Running"] else None

    def journal(self, lines=60):
        return self.run("journalctl", "--no-pager", "--lines", str(lines), check=False)

    def end(self):
        docker("rm", "--force", "--volumes", self.id, check=False)
