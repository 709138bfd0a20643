"""What the doubles of clouds share: every host leads to them, and they refuse whatever is not JSON."""

import http.client

import pytest
from doubles.fake_cloud import FakeCloud

pytestmark = [pytest.mark.check, pytest.mark.needs("jdk")]

GROUP = "https://management.azure.com/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/one"
# {"oid": "somebody"}
TOKEN = {"Authorization": "Bearer e30.eyJvaWQiOiAic29tZWJvZHkifQ.none"}


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    running = FakeCloud("Arm", tmp_path_factory.mktemp("fake"), ["management.azure.com", "example.com"])
    yield running
    running.stop()


def test_what_is_put_is_returned(fake):
    tags = {"text": 'quoted " \\ \n \u00e9 \U0001f600', "empty": "",
        "nested": {"list": [1, -2.5, 1e3, True, None, {}, []]}}
    status, _ = fake.ask("PUT", GROUP, {"location": "West Europe", "tags": tags}, TOKEN)
    assert status == 201
    status, response = fake.ask("GET", GROUP.replace("resourceGroups", "resourcegroups"), None, TOKEN)
    assert status == 200 and response["tags"] == tags and response["location"] == "westeurope"
    assert fake.ask("PUT", GROUP, {"location": "westeurope"}, TOKEN)[0] == 200
    assert all("tags" not in each for each in fake.resources().values())
    assert fake.ask("DELETE", GROUP, None, TOKEN)[0] == 200
    assert fake.resources() == {}


def test_every_request_is_recorded_with_its_response(fake):
    fake.ask("GET", f"{GROUP}?api-version=2&$filter=a%20eq%20'b'", None, TOKEN)
    last = fake.requests()[-1]
    assert (last["method"], last["status"], last["query"]) == ("GET", 404, {"api-version": "2", "$filter": "a eq 'b'"})
    assert "ResourceGroupNotFound" in last["response"]


@pytest.mark.parametrize(
    "url, headers, status",
    [(GROUP, {}, 401), (GROUP, {"Authorization": "Bearer nothing"}, 401), ("https://example.com/", TOKEN, 421)],
)
def test_strangers_are_refused(fake, url, headers, status):
    assert fake.ask("GET", url, None, headers)[0] == status


@pytest.mark.parametrize("body",
    ['{"a": }', '{"a": 1', "[1]", '{"a": 01}', '{"a": "\\x"}', '{"a": 1} 2', '{"a" 1}', "tru"])
def test_what_is_not_a_json_object_is_refused(fake, body):
    # Sent as it is; ask() would convert it to JSON.
    connection = http.client.HTTPSConnection("127.0.0.1", fake.ports["proxy"], context=fake.trust())
    connection.set_tunnel("management.azure.com", 443)
    connection.request("PUT", GROUP.removeprefix("https://management.azure.com"), body, TOKEN)
    response = connection.getresponse()
    assert response.status == 400 and b"InvalidRequestContent" in response.read()


def test_the_proxy_is_for_tls_only(fake):
    connection = http.client.HTTPConnection("127.0.0.1", fake.ports["proxy"])
    connection.request("GET", "http://example.com/")
    assert connection.getresponse().status == 501
