"""Documents from S3, Azure Blob and Cloud Storage: the service as a process, against emulators."""

import concurrent.futures
import json
import time

import pytest
from support import fronts
from support.emulators import CLOUDS, BlobFromMachine
from support.machine import need
from support.service import Service

TIMEOUT = 2  # seconds, for one document
MARGIN = 1.5  # seconds that a loaded machine may add
MAX_BYTES = 2000
CACHE = 1  # seconds
DOCUMENT = json.dumps({"text": "Grüße 👋", "list": [1, 2.50, None], "padding": "x" * 500}, ensure_ascii=False).encode()

pytestmark = pytest.mark.check

TOOLS = {"s3": (), "blob": ("npm",), "gcs": ("go",)}


each_cloud = [pytest.param(name, marks=pytest.mark.needs(*tools)) for name, tools in TOOLS.items()]


@pytest.fixture(scope="module", params=each_cloud)
def emulator(request, tmp_path_factory):
    for tool in TOOLS[request.param]:
        need(tool)  # the mark comes too late for a module's fixture
    cloud = CLOUDS[request.param](tmp_path_factory.mktemp(request.param))
    yield cloud
    cloud.stop()


@pytest.fixture
def cloud(emulator):
    yield emulator
    emulator.heal()


@pytest.fixture(scope="module")
def start(emulator, service_command, tmp_path_factory):
    """A function that starts a service on a cloud. At the end, no log may contain a secret."""
    services = []

    def start(cloud=emulator, **environment):
        settings = {
            "MERIDIAN_DOCUMENTS_TIMEOUT": f"{TIMEOUT}s",
            "MERIDIAN_DOCUMENTS_MAX_BYTES": str(MAX_BYTES),
            "MERIDIAN_DOCUMENTS_CACHE": f"{CACHE}s",
        }
        command = [service_command[0], *cloud.java, *service_command[1:]]
        service = Service(command, cloud.environment() | settings | environment, tmp_path_factory.mktemp("service"))
        services.append((service, cloud))
        return service

    yield start
    for service, cloud in services:
        assert service.stop() == 0
        log = service.path.read_text()
        assert cloud.secrets, "it had an identity"
        assert not [secret for secret in cloud.secrets if secret in log], "a secret is in the log"


@pytest.fixture(scope="module")
def running(start):
    """One warmed-up service for all tests of a cloud."""
    service = start()
    warm(service)
    return service


@pytest.fixture
def service(running, cloud):
    return running


def warm(service):
    deadline = time.monotonic() + 60
    while service.get("/api/nothing").status != 404:
        assert time.monotonic() < deadline, service.log()


def is_problem(response, status):
    assert response.status == status, response
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    assert json.loads(response.body)["status"] == status
    return True


def is_unavailable(service, response, name, status, mark, reason=""):
    """Assert that the client gets the status, and the log the reason."""
    assert is_problem(response, status)
    detail = json.loads(response.body)["detail"]
    assert detail == f"The document {name} cannot be served now; the service's log says why."
    assert response.seconds < TIMEOUT + MARGIN
    lines = [it for it in service.log(mark) if it["message"].startswith(f"Document {name} is unavailable: ")]
    assert lines and lines[0]["severity"] == "ERROR"
    assert reason in lines[0]["message"], lines
    return True


def test_a_document_is_served_byte_for_byte(cloud, service):
    cloud.put("found", DOCUMENT)
    response = service.get("/api/found")
    assert (response.status, response.body) == (200, DOCUMENT)
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["ETag"].startswith('"')


def test_a_missing_document_is_not_found(cloud, service):
    mark = service.mark()
    assert is_problem(service.get("/api/missing"), 404)
    assert [it.status for it in cloud.seen("missing")] == [404], "the store was asked, once"
    assert all(it["severity"] == "INFO" for it in service.log(mark))


def test_an_identity_without_rights_is_a_bad_gateway(cloud, start):
    cloud.put("denied", DOCUMENT)
    cloud.admitted = False
    service = start(MERIDIAN_DOCUMENTS_TIMEOUT="20s")  # its classes are not loaded yet
    mark = service.mark()
    response = service.get("/api/denied")
    assert is_unavailable(service, response._replace(seconds=0), "denied", 502, mark, "403")
    assert [it.status for it in cloud.seen("denied")] == [403], "it is not asked again"


def test_a_missing_bucket_is_a_bad_gateway_and_not_a_missing_document(cloud, start):
    if cloud.name == "gcs":
        cloud.front.fault = fronts.response(404, b"The specified bucket does not exist.")
        location = cloud.location  # the emulator does not report it
    else:
        location = cloud.elsewhere
    service = start(MERIDIAN_DOCUMENTS_LOCATION=location, MERIDIAN_DOCUMENTS_TIMEOUT="20s")
    mark = service.mark()
    response = service.get("/api/homeless")
    assert is_unavailable(service, response._replace(seconds=0), "homeless", 502, mark)


@pytest.mark.parametrize("fault", [fronts.stall, fronts.stick, fronts.drip, fronts.late(TIMEOUT + 2)])
def test_a_slow_store_is_a_gateway_timeout_in_time(cloud, service, fault, request):
    name = f"slow-{request.node.callspec.params['fault'].__qualname__.split('.')[0]}"
    cloud.put(name, DOCUMENT)
    cloud.front.fault = fault
    mark = service.mark()
    response = service.get(f"/api/{name}")
    assert is_unavailable(service, response, name, 504, mark)
    assert response.seconds > TIMEOUT / 2, "it waited"
    cloud.heal()
    assert service.get(f"/api/{name}").status == 200


@pytest.mark.parametrize("fault", [fronts.stall, fronts.drip])
def test_stuck_fetches_do_not_block_others(cloud, service, fault):
    """More stuck fetches than the service makes at a time."""
    names = [f"stuck-{fault.__name__}-{number}" for number in range(20)]
    for name in names:
        cloud.put(name, DOCUMENT)
    cloud.front.fault = fault
    with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
        responses = list(pool.map(lambda name: service.get(f"/api/{name}"), names))
    assert {response.status for response in responses} == {504}
    assert max(response.seconds for response in responses) < TIMEOUT + 2 * MARGIN
    # Those requests are still open on the store's side.
    cloud.front.fault = None
    assert service.get(f"/api/{names[0]}").status == 200


def test_the_service_serves_the_time_while_the_store_is_stuck(cloud, service):
    cloud.front.fault = fronts.stall
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        stuck = pool.submit(service.get, "/api/stuck")
        responses = [service.get("/now") for _ in range(5)]
        ready = service.get("/ready", port=service.admin_port)
        assert not stuck.done()
    assert {response.status for response in [*responses, ready]} == {200}
    assert max(response.seconds for response in responses) < MARGIN


@pytest.mark.parametrize("status", [500, 503])
def test_a_store_that_fails_once_is_retried(cloud, service, status):
    name = f"once-{status}"
    cloud.put(name, DOCUMENT)
    cloud.front.faults.append(fronts.response(status))
    response = service.get(f"/api/{name}")
    assert (response.status, response.body) == (200, DOCUMENT)
    assert [it.status for it in cloud.seen(name)] == [0, cloud.found]


@pytest.mark.parametrize("status", [500, 503])
def test_a_store_that_always_fails_is_asked_twice(cloud, service, status):
    name = f"always-{status}"
    cloud.front.fault = fronts.response(status)
    mark = service.mark()
    assert is_unavailable(service, service.get(f"/api/{name}"), name, 502, mark, str(status))
    assert len(cloud.seen(name)) == 2


def test_a_response_that_breaks_off_once_is_retried(cloud, service):
    cloud.put("broken-off", DOCUMENT)
    cloud.front.faults.append(fronts.cut)
    response = service.get("/api/broken-off")
    assert (response.status, response.body) == (200, DOCUMENT)


def test_a_response_that_always_breaks_off_is_a_bad_gateway(cloud, service):
    cloud.put("always-off", DOCUMENT)
    cloud.front.fault = fronts.cut
    mark = service.mark()
    assert is_unavailable(service, service.get("/api/always-off"), "always-off", 502, mark)
    assert len(cloud.seen("always-off")) == 2


@pytest.mark.parametrize(
    "name, body",
    [
        ("list", b"[1, 2]"),
        ("half", b'{"a": '),
        ("two", b"{} {}"),
        ("latin1", '{"a": "ü"}'.encode("latin-1")),
        ("utf16", '{"a": "b"}'.encode("utf-16")),
        ("empty", b""),
    ],
)
def test_a_document_that_is_no_json_object_is_a_bad_gateway(cloud, service, name, body):
    cloud.put(name, body)
    mark = service.mark()
    assert is_unavailable(service, service.get(f"/api/{name}"), name, 502, mark, "not a JSON object in UTF-8")


def test_the_largest_document_is_served_and_one_byte_more_is_a_bad_gateway(cloud, service):
    frame = len(json.dumps({"a": ""}))
    fits, bursts = (json.dumps({"a": "x" * (size - frame)}).encode() for size in (MAX_BYTES, MAX_BYTES + 1))
    cloud.put("fits", fits)
    cloud.put("bursts", bursts)
    assert service.get("/api/fits").body == fits
    mark = service.mark()
    response = service.get("/api/bursts")
    assert is_unavailable(service, response, "bursts", 502, mark, f"larger than {MAX_BYTES} bytes")


def test_a_huge_object_is_refused_without_reading_it_all(cloud, service):
    cloud.put("huge", b" " * (64 << 20))
    mark = service.mark()
    assert is_unavailable(service, service.get("/api/huge"), "huge", 502, mark, f"larger than {MAX_BYTES} bytes")


def test_a_client_with_the_current_version_gets_no_body(cloud, service):
    cloud.put("current", DOCUMENT)
    tag = service.get("/api/current").headers["ETag"]
    response = service.get("/api/current", {"If-None-Match": tag})
    assert (response.status, response.body, response.headers["ETag"]) == (304, b"", tag)
    assert service.get("/api/current", {"If-None-Match": '"another"'}).status == 200


def test_a_copy_is_kept_for_the_cache_time_and_then_revalidated(cloud, service):
    cloud.put("kept", DOCUMENT)
    tag = service.get("/api/kept").headers["ETag"]
    service.get("/api/kept")
    assert [it.status for it in cloud.seen("kept")] == [cloud.found], "no request within the cache time"
    time.sleep(CACHE + 0.1)
    response = service.get("/api/kept")
    assert (response.status, response.body, response.headers["ETag"]) == (200, DOCUMENT, tag)
    first, second = cloud.seen("kept")
    assert cloud.condition(first.request) is None
    assert cloud.condition(second.request), "it names the version it has"
    assert second.status == 304, "and gets no body"


def test_a_changed_document_is_served_after_the_cache_time_under_another_tag(cloud, service):
    cloud.put("changing", DOCUMENT)
    old = service.get("/api/changing").headers["ETag"]
    changed = b'{"changed": true}'
    cloud.put("changing", changed)
    time.sleep(CACHE + 0.1)
    response = service.get("/api/changing", {"If-None-Match": old})
    assert (response.status, response.body) == (200, changed)
    assert response.headers["ETag"] != old
    assert cloud.condition(cloud.seen("changing")[-1].request), "the request had a condition"


def test_a_dead_store_is_a_bad_gateway_until_it_is_back(emulator, start, tmp_path):
    cloud = type(emulator)(tmp_path)
    try:
        service = start(cloud)
        warm(service)
        cloud.put("survivor", DOCUMENT)
        assert service.get("/api/survivor").status == 200
        cloud.kill()
        time.sleep(CACHE + 0.1)
        mark = service.mark()
        assert is_unavailable(service, service.get("/api/survivor"), "survivor", 502, mark)
        assert service.get("/ready", port=service.admin_port).status == 200, "the service stays ready"
        cloud.start_again()
        response = service.get("/api/survivor")
        assert (response.status, response.body) == (200, DOCUMENT)
    finally:
        cloud.stop()


def test_a_reset_connection_is_a_bad_gateway(cloud, service):
    cloud.put("reset", DOCUMENT)
    cloud.front.fault = fronts.reset
    mark = service.mark()
    assert is_unavailable(service, service.get("/api/reset"), "reset", 502, mark)
    cloud.heal()
    cloud.front.faults.append(fronts.reset)
    assert service.get("/api/reset").status == 200


def test_a_token_is_reused_until_it_expires(cloud, service):
    before = len(cloud.tokens.seen)
    for name in ("one", "two-2", "three"):
        cloud.put(name, DOCUMENT)
        assert service.get(f"/api/{name}").status == 200
    assert len(cloud.tokens.seen) == before


def test_a_slow_handshake_is_tolerated(cloud, start):
    """Longer than the second after which a lost first packet is retransmitted."""
    cloud.put("handshake", DOCUMENT)
    cloud.front.handshake = 1.5
    service = start(MERIDIAN_DOCUMENTS_TIMEOUT="20s")
    assert service.get("/api/handshake").status == 200


def test_an_expired_token_is_replaced_without_a_failure(cloud, start):
    cloud.lifetime = 4
    service = start(MERIDIAN_DOCUMENTS_TIMEOUT="20s", MERIDIAN_DOCUMENTS_CACHE="0s")
    warm(service)
    cloud.put("renewed", DOCUMENT)
    assert service.get("/api/renewed").status == 200
    given = len(cloud.issued)
    time.sleep(5)
    assert all(cloud.expired(token) for token in cloud.issued if cloud.issued[token] < time.time() + 1000)
    assert service.get("/api/renewed").status == 200
    assert len(cloud.issued) > given


def test_a_silent_identity_endpoint_does_not_hang_a_client(cloud, start):
    cloud.put("nameless", DOCUMENT)
    service = start()
    cloud.tokens.fault = fronts.stall
    mark = service.mark()
    response = service.get("/api/nameless")
    assert is_unavailable(service, response, "nameless", 504, mark)
    cloud.heal()
    assert recovers(service, "nameless")


@pytest.mark.parametrize("status", [400, 500])
def test_a_refusing_identity_endpoint_is_a_bad_gateway_and_is_asked_again(cloud, start, status):
    cloud.put("nobody", DOCUMENT)
    service = start(MERIDIAN_DOCUMENTS_TIMEOUT="20s")
    cloud.tokens.fault = fronts.response(status, b"{}")
    mark = service.mark()
    response = service.get("/api/nobody")
    assert is_unavailable(service, response._replace(seconds=0), "nobody", 502, mark)
    cloud.heal()
    assert recovers(service, "nobody")


@pytest.mark.needs("npm")
def test_an_azure_vm_gets_its_identity_from_its_metadata(service_command, tmp_path):
    cloud = BlobFromMachine(tmp_path)
    try:
        command = [service_command[0], *cloud.java, *service_command[1:]]
        service = Service(command, cloud.environment() | {"MERIDIAN_DOCUMENTS_TIMEOUT": "20s"}, tmp_path)
        cloud.put("machine", DOCUMENT)
        response = service.get("/api/machine")
        assert (response.status, response.body) == (200, DOCUMENT), service.log()
        assert service.stop() == 0
    finally:
        cloud.stop()


def recovers(service, name, within=10):
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if service.get(f"/api/{name}").status == 200:
            return True
        time.sleep(0.2)
    return False
