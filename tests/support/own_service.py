"""Third-party services, deployed by variables alone: the same scenario for each cloud.

No emulator starts containers. The tests start what it stored, as the cloud would, and lead the service's name there.
"""

import contextlib
import json
import os
import re
import shutil
import urllib.parse
import urllib.request
from typing import NamedTuple

import pytest
from support import azure_world, gcp_world, strangers
from support.aws_world import Clone, Door, World
from support.ecs import Task
from support.images import get, output
from support.load import Load
from support.machine import ROOT, need, ran
from support.platforms import Fargate, Gateway, Instance, named, written
from support.service import free_port


class Stranger(NamedTuple):
    """A third-party service: its variables, and settings that only some clouds have."""

    service: dict
    secrets: dict = {}
    writable: dict = {}  # MiB by folder, where the root file system is read-only
    database: bool = False  # which adds its environment and the secret PGPASSWORD
    environment: dict = {}
    size: dict = {}  # cpu and memory
    slow: int = 0  # number of requests, some of them long, of which none may be lost


def on_demand(name):
    return pytest.param(name, marks=pytest.mark.on_demand) if name == "slowest" else name


def slow(start, respond, drain, requests):
    """A service that takes these seconds; its second version ignores SIGTERM."""
    return Stranger({
        "health": {"port": 8081, "started": "/started", "live": "/live", "ready": "/ready"},
        "check": {"path": "/now", "status": 200},
        "paths": {},
        "start_seconds": 2 * start + 60,
        "stop_seconds": max(30, respond + drain),
        "request_seconds": respond + 10,
    }, size={"cpu": 0.25, "memory": 512}, slow=requests, environment={"START": f"{start}s", "RESPOND": f"{respond}s",
        "DRAIN": f"{drain}s", "STUBBORN": image("slow", 2).split("@")[1]})


def image(name, number=1):
    return f"docker.io/a/{name}@sha256:{str(number) * 64}"


STRANGERS = {
    "podinfo": Stranger({
        "port": 9898,
        "args": ["--port=9898", "--port-metrics=9797", "--level=info"],
        "health": {"ready": "/readyz", "live": "/healthz"},
        "check": {"path": "/version", "status": 200},
        "paths": {"/env": 200, "/status/418": 418},
        "stop_seconds": 10,
    }, {"PODINFO_UI_MESSAGE": "by a secret"}, {"/data": 16}),
    "stac": Stranger({
        "port": 8000,
        "entrypoint": [strangers.PYTHON, "-m", "uvicorn"],
        # Longer than a load balancer keeps an idle connection.
        "args": ["stac_fastapi.pgstac.app:create_app", "--factory", "--host=0.0.0.0", "--port=8000",
            "--timeout-keep-alive=75"],
        "health": {"ready": "/_mgmt/ping"},
        "check": {"path": "/_mgmt/health", "status": 200},
        "paths": {"/conformance": 200, "/nothing": 404},
    }, database=True),
    "zipkin": Stranger({
        "port": 9411,
        "entrypoint": ["/java/bin/java"],
        "args": ["-jar", "/app/zipkin.jar"],
        "health": {"ready": "/actuator/health", "live": "/actuator/health"},
        "check": {"path": "/health", "status": 200},
        "paths": {"/api/v2/services": 200, "/": 302},
        "start_seconds": 240,
    }, writable={"/tmp": 64}),
    "tiny": Stranger({
        "port": 8000,
        "entrypoint": [strangers.PYTHON, "/app/tiny.py"],
        "health": {"ready": "/health"},
        "check": {"path": "/", "status": 200},
        "paths": {"/nothing": 404},
    }),
    "slow": slow(start=6, respond=2, drain=1, requests=3000),
    "slowest": slow(start=90, respond=20, drain=10, requests=100_000),
}


class Aws:
    needed = ("aws", "aws-cli", "docker-registry")

    def __init__(self, folder):
        self.kept = contextlib.ExitStack()
        self.world = self.kept.enter_context(World(folder))
        self.clone = Clone(folder / "clone", self.world)
        self.stack, self.door = self.clone.stack, None
        # As in the guide: without app/ nothing needs a JDK. These stubs fail if something calls one.
        for command in re.findall(r"^\| our service \| `(.+?)`", (ROOT / "stacks/OWN-SERVICE.md").read_text(), re.M):
            output("bash", "-c", command, cwd=self.clone.folder)
        assert not (self.clone.folder / "app").exists()
        bins = folder / "bin"
        bins.mkdir()
        self.path = f"{bins}:{os.environ['PATH']}"
        for program in (*(bins / name for name in ("java", "javac", "mvn")), self.clone.folder / "scripts/jdk"):
            program.write_text("#!/bin/sh\necho 'There is no JDK.' >&2\nexit 127\n")
            program.chmod(0o755)

    def said(self, program, code=0, **more):
        done = self.clone.script(program, check=False, PATH=self.path, **more)
        assert done.returncode == code, done.stdout
        return done.stdout

    def own(self, stranger):
        return {"user": strangers.USER.partition(":")[0], "writable": stranger.writable}

    def secret(self, name, value):
        name = name.lower().replace("_", "-")
        return self.world.aws("secretsmanager", "create-secret", "--name", name, "--secret-string", value)["ARN"]

    def valued(self, arn):
        return self.world.aws("secretsmanager", "get-secret-value", "--secret-id", arn)["SecretString"]

    def groups(self):
        self.door = self.door or Door(self.world)
        return [(weight, sorted({name for name, healthy in targets if healthy}))
            for weight, targets in self.door.targets(named=str)]

    def image_of(self, name):
        return self.definition(name)["containerDefinitions"][0]["image"]

    def definition(self, name):
        return self.world.aws("ecs", "describe-task-definition", "--task-definition", name)["taskDefinition"]

    def start(self, name, images):
        definition = self.definition(name)
        [service] = self.world.aws("ecs", "describe-services", "--cluster", "meridian", "--services",
            "meridian-stable")["services"]
        [target] = service["loadBalancers"]
        [group] = self.world.aws("elbv2", "describe-target-groups", "--target-group-arns",
            target["targetGroupArn"])["TargetGroups"]
        [drains] = [each["Value"] for each in self.world.aws("elbv2", "describe-target-group-attributes",
            "--target-group-arn", group["TargetGroupArn"])["Attributes"]
            if each["Key"] == "deregistration_delay.timeout_seconds"]
        grace = definition["containerDefinitions"][0]["stopTimeout"]
        return Fargate(Task(definition, images, secret=self.valued), group, target["containerPort"], int(drains),
            service["healthCheckGracePeriodSeconds"], grace)

    def settled(self):
        return self.clone.planned() == {}

    def stop(self):
        self.kept.close()


class Double:
    """A cloud that is a double."""

    def __init__(self, folder):
        self.values = {}
        self.cloud = self.world(folder)
        self.stack, self.path = self.cloud.stack, self.cloud.environment["PATH"]

    def said(self, program, code=0, **more):
        return self.cloud.said(program, code=code, PATH=self.path, **more)

    def own(self, stranger):
        return {}

    def groups(self):
        return [(weight, [name]) for name, weight in self.cloud.weights().items()]

    def settled(self):
        return self.cloud.settled()

    def stop(self):
        self.cloud.stop()


class Azure(Double):
    world, needed = azure_world.Azure, ("azurerm", "jdk")
    vault = f"{azure_world.GROUP}-shared/providers/Microsoft.KeyVault/vaults/mine/secrets"

    def secret(self, name, value):
        name = name.lower().replace("_", "-")
        self.values[f"https://mine.vault.azure.net/secrets/{name}"] = f"{self.vault}/{name}", value
        self.cloud.fake.order("put", id=f"{self.vault}/{name}", name=name, type="vaults/secrets", properties={})
        return f"{self.vault}/{name}"

    def read(self, url):
        """Value of a secret, if a role allows reading it."""
        secret, value = self.values[url]
        roles = [path for path, each in self.cloud.fake.resources().items() if path.startswith(f"{secret}/")
            and each["type"].endswith("roleAssignments")]
        assert roles, f"nobody may read {secret}"
        return value

    def revision(self, name):
        return self.cloud.get(f"{azure_world.APP}/revisions/{name}")["properties"]["template"]

    def image_of(self, name):
        return self.revision(name)["containers"][0]["image"]

    def start(self, name, images):
        template = self.revision(name)
        [container] = template["containers"]
        configuration = self.cloud.app()["configuration"]
        kept = {each["name"]: each["keyVaultUrl"] for each in configuration.get("secrets") or []}
        return Instance(container, images[container["image"].split("@")[0]], configuration["ingress"]["targetPort"],
            template["terminationGracePeriodSeconds"], lambda each: self.read(kept[each["secretRef"]]))


class Google(Double):
    world, needed = gcp_world.Gcp, ("google", "jdk")

    def secret(self, name, value):
        name = f"projects/{gcp_world.PROJECT}/secrets/{name.lower().replace('_', '-')}"
        self.values[name] = value
        return name

    def read(self, each):
        """Value of a secret, if a policy allows reading it."""
        # The service names it without the project.
        name = each["valueSource"]["secretKeyRef"]["secret"]
        secret = f"projects/{gcp_world.PROJECT}/secrets/{name}"
        policy = self.cloud.get("secretmanager", f"v1/{secret}:getIamPolicy")
        assert policy.get("bindings"), f"nobody may read {secret}"
        return self.values[secret]

    def revision(self, name):
        return self.cloud.get("run", f"v2/{gcp_world.SERVICE}/revisions/{name}")

    def image_of(self, name):
        return self.revision(name)["containers"][0]["image"]

    def start(self, name, images):
        [container] = self.revision(name)["containers"]
        # https://cloud.google.com/run/docs/container-contract: SIGKILL comes ten seconds after SIGTERM
        return Instance(container, images[container["image"].split("@")[0]], container["ports"][0]["containerPort"], 10,
            self.read)


@pytest.fixture(scope="module")
def images(request):
    need("docker")
    created = {f"docker.io/a/{name}": getattr(strangers, name)() for name in (*request.module.SERVICES, "foreign")}
    yield created
    output("docker", "rmi", "--force", *{*created.values()})


@pytest.fixture(scope="module")
def stage(request, images, tmp_path_factory):
    """A cloud, with a gateway in front of its instances."""
    kind = request.module.STAGE
    for name in ("terraform", "postgres", "go", *kind.needed):
        need(name)
    folder = tmp_path_factory.mktemp("own")
    with strangers.database(folder) as (settings, password):
        (folder / "cloud").mkdir()
        stage = kind(folder / "cloud")
        # Create each secret only once.
        known = {}
        stage.kept_secret = lambda name, value: known.setdefault(name, stage.secret(name, value)
            if name not in known else None)
        stage.folder, stage.database = folder, (settings, password)
        with Gateway(stage.groups, lambda name: stage.start(name, images)) as gateway:
            stage.gateway, stage.first = gateway, True
            stage.path = waiting(folder, gateway, stage.path)
            yield stage
        stage.stop()


@pytest.fixture(scope="module")
def stranger(request, stage):
    """Name of a service, once its variables are written."""
    given = STRANGERS[request.param]
    environment, secrets = dict(given.environment), dict(given.secrets)
    if given.database:
        database, secrets["PGPASSWORD"] = stage.database
        environment.update(database)
    service = {"meridian": False, **given.service, **stage.own(given),
        "secrets": {name: stage.kept_secret(name, value) for name, value in secrets.items()}}
    if given.database:
        service["egress_ports"] = [int(environment["PGPORT"])]
    written(stage.stack, {"image": image(request.param), "service": service, "environment": environment,
        **given.size,
        # A server in place of the probe.
        "probe": {"image": image("foreign")}})
    return request.param


def waiting(folder, gateway, path):
    """PATH with a Terraform whose apply ends once all instances serve, as on a cloud that starts them."""
    program = folder / "waiting/terraform"
    program.parent.mkdir()
    program.write_text(f"""#!/bin/sh
'{shutil.which("terraform")}' "$@" || exit
case " $* " in *" apply "*)
  exec curl -s --fail-with-body --retry 1000 --retry-delay 1 --retry-max-time 400 {gateway.url}{gateway.ALL_SERVE} ;;
esac
""")
    program.chmod(0o755)
    return f"{program.parent}:{path}"


def through(stage):
    """Environment in which the service's host name leads to the gateway."""
    url = (stage.clone if hasattr(stage, "clone") else stage.cloud).outputs()["url"]
    return named(stage.folder / "names", urllib.parse.urlsplit(url).hostname, stage.gateway.port, free_port())


def serving(stage):
    """Image to percent."""
    return {stage.image_of(name): weight for weight, names in stage.groups() if weight for name in names}


def body(stage, path):
    return get(stage.gateway.url + path, timeout=60)[2]


def post(stage, path, body):
    with urllib.request.urlopen(stage.gateway.url + path, data=body, timeout=60) as response:
        return response.read()


def test_four_lines_are_enough(stage):
    """Plan the example of the modules' page, with the clone's stack as its module."""
    root = stage.stack.parent.parent
    lines = re.search(r"```hcl\n(.*?)```", (root / f"modules/{stage.stack.name}/README.md").read_text(), re.S)[1]
    folder = stage.folder / "four"
    folder.mkdir()
    (folder / "main.tf").write_text(re.sub(r'git::.*(//.*)\?.*"', rf'{root}\1"', lines))
    environment = stage.world.environment() if hasattr(stage.world, "url") else stage.cloud.environment
    for step in ("init", "plan"):
        said = ran("terraform", f"-chdir={folder}", step, "-input=false", "-no-color", env=environment).stdout
    assert re.search(r"Plan: \d+ to add, 0 to change, 0 to destroy", said), said


class Scenario:
    def test_a_service_is_deployed_by_variables_alone_and_verified(self, stage, stranger):
        """The first service is deployed by hand, the others as a pipeline releases."""
        if stage.first:
            assert "to add, 0 to change, 0 to destroy" in stage.said("plan")
            assert "Serves at http://" in stage.said("deploy")
            said, stage.first = stage.said("verify", **through(stage)), False
        else:
            stage.said("plan", SAVE="1", IMAGE=image(stranger))
            said = stage.said("release", **through(stage))
            assert f"Released: {image(stranger)}" in said
        given = STRANGERS[stranger].service
        for path, status in ((given["check"]["path"], given["check"]["status"]), *given["paths"].items()):
            assert f"ok       GET {path} answers {status}" in said
        assert stage.settled()

    def test_secrets_database_and_writable_folders_reach_the_service(self, stage, stranger):
        """The stored template provides a secret, a database, a writable folder, Actuator's health."""
        if stranger == "podinfo":
            assert json.loads(body(stage, "/"))["message"] == "by a secret"
            if "writable" in stage.own(STRANGERS[stranger]):
                assert "hash" in json.loads(post(stage, "/store", b"kept where it may write"))
        if stranger == "stac":
            assert json.loads(body(stage, "/_mgmt/health"))["pgstac"] == {"status": "UP", "pgstac_version": "0.9.8"}
        if stranger == "zipkin":
            assert json.loads(body(stage, "/actuator/health"))["status"] == "UP"

    def test_a_canary_is_promoted_and_rolled_back_without_a_failed_request(self, stage, stranger):
        gateway, given = stage.gateway, STRANGERS[stranger]
        path, rate = given.service["check"]["path"], max(5, min(250, given.slow // 60))
        gateway.shares.clear()
        gateway.delay = 2
        with contextlib.ExitStack() as kept:
            loads = [kept.enter_context(Load("127.0.0.1", gateway.port, path=path, rate=rate,
                connections=max(20, 2 * rate)))]
            if given.slow:
                loads.append(kept.enter_context(Load("127.0.0.1", gateway.port, path="/slow", rate=100, connections=20,
                    patience=60)))
            said = stage.said("canary", IMAGE=image(stranger, 2), URL=gateway.url, PERCENT="50", MINUTES="0.25",
                RESPONSES="60", RATE="20", FAILED_PERCENT="20")
            gateway.delay = 0
            assert "Promoted" in said
            shared = [{stage.image_of(name): weight for name, weight in shares} for shares in gateway.shares]
            assert {image(stranger, 1): 50, image(stranger, 2): 50} in shared
            assert serving(stage) == {image(stranger, 2): 100}
            stage.said("deploy", IMAGE=image(stranger, 1))
            assert serving(stage) == {image(stranger, 1): 100}
            gateway.settle()
            loads[0].wait_for(given.slow, timeout=900)
        for load in loads:
            assert not load.lost and not load.refused and set(load.statuses) == {200}, f"{load.statuses} {load.lost}"
            print(f"{stranger}: {load.answered} requests of {load.target[1]}, none lost")
        assert not gateway.failed
