"""The image, built with its own Java and with its base's, pushed, pulled and run."""

import hashlib
import json
import pathlib
import re
import subprocess

import pytest
from support.images import (
    RESTRICTED,
    Container,
    built,
    contents,
    get,
    layers,
    maven,
    output,
    sources,
    terminate_behind_a_balancer,
    wait_for,
)
from support.load import Load

pytestmark = [pytest.mark.check, pytest.mark.needs("docker", "docker-registry")]


@pytest.fixture(scope="session")
def here(tmp_path_factory):
    """A copy of the sources, because other tests build too."""
    return sources(tmp_path_factory.mktemp("here"))


@pytest.fixture(scope="session")
def own_runtime(registry, here, base):
    """The image as built on x86-64 Linux: its repository, and the digests of two pushes from one folder.

    The machine's own Java options contradict the image's.
    """
    digests = []
    for repository in ["first", "second"]:
        target = f"{registry}/{repository}:1"
        with pytest.MonkeyPatch.context() as machine:
            machine.setenv("JAVA_TOOL_OPTIONS", "-XX:+UseParallelGC")
            built(
                here, "package", "jib:build", "-DskipTests", f"-Dimage={target}", "-Djib.allowInsecureRegistries=true",
                *base
            )
        digests.append((here / "target/jib-image.digest").read_text().strip())
    return f"{registry}/first", digests


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory):
    """The same sources in another folder."""
    return sources(tmp_path_factory.mktemp("elsewhere"))


@pytest.fixture(scope="session")
def base_runtime(registry, elsewhere, base_with_java):
    """The image as built on a Mac: the base contains Java 25, and there is no cache."""
    built(
        elsewhere,
        *["package", "jib:build", "-DskipTests", "-P", "!own-runtime", f"-Dimage={registry}/mac:1"],
        *["-Djib.allowInsecureRegistries=true", *base_with_java],
    )
    return f"{registry}/mac@{(elsewhere / 'target/jib-image.digest').read_text().strip()}"


@pytest.fixture(scope="session", params=["own runtime", "Java of the base"])
def image(request):
    """The image by digest, pulled from the registry."""
    if request.param == "own runtime":
        repository, digests = request.getfixturevalue("own_runtime")
        reference = f"{repository}@{digests[0]}"
    else:
        reference = request.getfixturevalue("base_runtime")
    output("docker", "pull", "--quiet", reference)
    yield reference
    output("docker", "rmi", "--force", reference)


def test_two_pushes_from_one_folder_give_one_digest(own_runtime):
    _, digests = own_runtime
    assert re.fullmatch("sha256:[0-9a-f]{64}", digests[0])
    assert digests[0] == digests[1]


def test_two_folders_give_equal_layers_except_the_cache(here, elsewhere, base, own_runtime):
    # Maven records the compiling JDK in it, unless the machine's own options hide it as above.
    (here / "target/meridian.jar").unlink()
    images = []
    for app in [here, elsewhere]:
        built(app, "package", "jib:buildTar", "-DskipTests", "-Dimage=meridian", *base)
        images.append(layers(app / "target/jib-image.tar"))

    assert [paths for _, paths in images[0]] == [paths for _, paths in images[1]]
    different = [paths for (a, paths), (b, _) in zip(*images) if a != b]
    assert all([path for path in paths if path.endswith(".aot")] for paths in different), different
    assert len(different) <= 1


def test_a_change_reaches_the_next_image_of_the_same_folder(here, base, own_runtime):
    """Jib identifies a layer by its files' names and times, whatever they contain."""
    main = here / "src/main/java/meridian/Main.java"
    before = main.read_text()
    main.write_text(before.replace("Unknown argument", "Strange argument"))
    built(here, "package", "jib:buildTar", "-DskipTests", "-Dimage=meridian", *base)
    main.write_text(before)
    created = {
        "app/classpath/meridian.jar": here / "target/meridian.jar",
        "app/libraries.jar": here / "target/image/libraries/libraries.jar",
        "opt/java/lib/modules": here / "target/image/java/lib/modules",
        "opt/meridian/meridian.aot": here / "target/image/cache/meridian.aot",
    }
    assert contents(here / "target/jib-image.tar", created) == {
        name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in created.items()}


def test_the_image_has_its_metadata_and_an_unprivileged_user(image):
    config = json.loads(output("docker", "inspect", image))[0]
    assert config["Os"] == "linux" and config["Architecture"] == "amd64"
    assert config["Config"]["User"] == "65532:65532"
    assert set(config["Config"]["ExposedPorts"]) == {"8080/tcp", "8081/tcp"}
    assert config["Config"]["Labels"]["org.opencontainers.image.title"] == "meridian"


def test_there_is_no_shell(image):
    for shell in ["/bin/sh", "/bin/bash", "/busybox/sh"]:
        done = subprocess.run(["docker", "run", "--rm", "--entrypoint", shell, image], capture_output=True, text=True)
        assert done.returncode == 127, done.stderr


def test_a_plain_run_serves_every_endpoint_and_stays_up(image):
    with Container(image, "--publish", "127.0.0.1::8080", "--publish", "127.0.0.1::8081") as container:
        url = f"http://127.0.0.1:{container.published(8080)}"
        wait_for(url)
        for path in ["/", "/now", "/api/foo", "/hello", "/openapi.yaml"]:
            assert get(url + path)[0] == 200, path
        assert get(url + "/live")[0] == 404
        admin = f"http://127.0.0.1:{container.published(8081)}"
        for path in ["/live", "/ready", "/started", "/metrics"]:
            assert get(admin + path)[0] == 200, path
        assert container.state["Running"]


def test_it_runs_with_minimal_privileges(image):
    with Container(image, *RESTRICTED) as container:
        wait_for(f"http://{container.address}:8080/api/foo")
        status = pathlib.Path(f"/proc/{container.state['Pid']}/status").read_text()
        assert re.search(r"^Uid:\t65532\t65532\t65532\t65532$", status, re.MULTILINE)
        assert re.search(r"^CapBnd:\t0+$", status, re.MULTILINE)
        assert [json.loads(line)["severity"] for line in container.log().splitlines()][0] == "INFO"


def test_it_uses_its_cache(own_runtime):
    repository, digests = own_runtime
    image = f"{repository}@{digests[0]}"
    output("docker", "pull", "--quiet", image)
    # In this mode the JVM refuses to start if the cache does not match it or the class path.
    with Container(image, *RESTRICTED, "--env", "JAVA_TOOL_OPTIONS=-XX:AOTMode=on") as container:
        wait_for(f"http://{container.address}:8080/")


def test_port_is_honoured(image):
    with Container(image, *RESTRICTED, "--env", "PORT=5000") as container:
        wait_for(f"http://{container.address}:5000/")


def test_the_environment_is_read_as_utf_8(image):
    with Container(image, *RESTRICTED, "--env", "MERIDIAN_GREETING=Grüße © 👋") as container:
        wait_for(f"http://{container.address}:8080/hello")
        assert "<h1>Grüße © 👋</h1>" in get(f"http://{container.address}:8080/hello")[2]


def test_the_probe_is_in_the_image(image):
    with Container(image) as container:
        url = f"http://{container.address}:8080"
        wait_for(url)
        assert output("docker", "run", "--rm", *RESTRICTED, image, "probe", url).startswith("OK")
    done = subprocess.run(["docker", "run", "--rm", image, "probe", "http://127.0.0.1:9"], capture_output=True,
        text=True)
    assert done.returncode == 2 and done.stdout.startswith("Failed")


def test_termination_under_load_loses_no_request(image):
    with Container(image, *RESTRICTED) as container:
        wait_for(f"http://{container.address}:8080/")
        with Load(container.address, 8080, rate=500) as load:
            load.wait_for(1000)
            before = terminate_behind_a_balancer(container, load)
        assert container.wait() == 0
        assert load.answered > before + 100, "it went on serving"
        assert load.lost == [] and load.refused == 0
        assert set(load.statuses) == {200}


def test_a_killed_container_serves_again_when_started(image):
    with Container(image, *RESTRICTED) as container:
        wait_for(f"http://{container.address}:8080/")
        output("docker", "kill", container.id)
        output("docker", "start", container.id)
        wait_for(f"http://{container.address}:8080/")


def test_bad_configuration_ends_with_one_line(image):
    done = subprocess.run(
        ["docker", "run", "--rm", "--env", "MERIDIAN_DRAIN_DELAY=soon", image], capture_output=True, text=True
    )
    assert done.returncode == 1
    (line,) = (done.stdout + done.stderr).splitlines()
    assert "MERIDIAN_DRAIN_DELAY" in json.loads(line)["message"] and "soon" in json.loads(line)["message"]


def test_it_loads_into_the_docker_engine_without_a_registry(elsewhere, base):
    built(elsewhere, "package", "jib:dockerBuild", "-DskipTests", "-Dimage=meridian-engine:1", *base)
    with Container("meridian-engine:1", *RESTRICTED) as container:
        wait_for(f"http://{container.address}:8080/")
    output("docker", "rmi", "--force", "meridian-engine:1")


def test_a_push_without_package_works_or_names_the_fix(registry, base, tmp_path):
    done = maven(
        sources(tmp_path), "jib:build", f"-Dimage={registry}/bare:1", "-Djib.allowInsecureRegistries=true", *base
    )
    assert done.returncode == 0 or "package jib:build" in done.stdout, done.stdout[-3000:]


def test_the_bill_of_materials_lists_the_libraries(here, own_runtime):
    bom = json.loads((here / "target/bom.json").read_text())
    names = {component["name"] for component in bom["components"]}
    assert {"helidon-webserver", "helidon-http-media-jackson", "s3", "azure-storage-blob"} <= names
    assert "junit-jupiter-api" not in names
