"""Azure's double, tests/doubles/clouds/Arm.java, refuses the names, rights and trust that Azure refuses."""

import pytest
from doubles.fake_cloud import FakeCloud

pytestmark = [pytest.mark.check, pytest.mark.needs("jdk")]

SUBSCRIPTION = "/subscriptions/00000000-1111-2222-3333-444444444444"
GROUP = f"{SUBSCRIPTION}/resourceGroups/one/providers"
ELSEWHERE = "/subscriptions/99999999-1111-2222-3333-444444444444/resourceGroups/theirs/providers"
IDENTITY = f"{GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/planner"
CREDENTIALS = f"{IDENTITY}/federatedIdentityCredentials"
ACCOUNT = f"{GROUP}/Microsoft.Storage/storageAccounts/locked"
STATES = f"{ACCOUNT}/blobServices/default/containers/states"
ROLES = "providers/Microsoft.Authorization/roleDefinitions"
ASSIGNMENTS = "providers/Microsoft.Authorization/roleAssignments"
LOCK = f"{ACCOUNT}/providers/Microsoft.Authorization/locks/states"
ISSUER, AUDIENCES = "https://token.actions.githubusercontent.com", ["api://AzureADTokenExchange"]
# {"oid": "somebody"}
TOKEN = {"Authorization": "Bearer e30.eyJvaWQiOiAic29tZWJvZHkifQ.none"}


def ask(fake, method, path, properties=None):
    body = None if method in ("GET", "DELETE") else {"location": "westeurope", "properties": properties or {}}
    return fake.ask(method, f"https://management.azure.com{path}", body, TOKEN)


def trust(subject, issuer=ISSUER, audiences=AUDIENCES):
    return {"issuer": issuer, "subject": subject, "audiences": audiences}


def role(name):
    return {"roleName": name, "type": "CustomRole", "permissions": [{"actions": ["*/read"]}],
        "assignableScopes": [SUBSCRIPTION]}


def assignment(**changes):
    return {"principalId": "somebody", "roleDefinitionId": f"{SUBSCRIPTION}/{ROLES}/custom", **changes}


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    fake = FakeCloud("Arm", tmp_path_factory.mktemp("fake"), ["management.azure.com"])
    for namespace in ("Microsoft.Storage", "Microsoft.ContainerRegistry", "Microsoft.ManagedIdentity"):
        assert fake.ask("POST", f"https://management.azure.com{SUBSCRIPTION}/providers/{namespace}/register", {},
            TOKEN)[0] == 200
    for path, properties in (
        (f"{SUBSCRIPTION}/resourceGroups/one", {}),
        (IDENTITY, {}),
        (ACCOUNT, {}),
        (STATES, {}),
        *((f"{CREDENTIALS}/c{number}", trust(f"repo:{number}")) for number in range(19)),
        (f"{SUBSCRIPTION}/{ROLES}/custom", role("planner")),
        (f"{SUBSCRIPTION}/{ASSIGNMENTS}/given", assignment()),
        (f"{STATES}/{ASSIGNMENTS}/writer", assignment()),
        (LOCK, {"level": "CanNotDelete"}),
    ):
        status, response = ask(fake, "PUT", path, properties)
        assert status in (200, 201), response
    for kind in ("Microsoft.Storage/storageAccounts", "Microsoft.ContainerRegistry/registries"):
        fake.order("put", id=f"{ELSEWHERE}/{kind}/theirs", type=kind)
    yield fake
    fake.stop()


@pytest.mark.parametrize(
    "method, path, properties, status, code",
    [
        ("PUT", f"{GROUP}/Microsoft.Storage/storageAccounts/theirs", {}, 409, "StorageAccountAlreadyTaken"),
        ("PUT", f"{GROUP}/Microsoft.ContainerRegistry/registries/theirs", {}, 409, "AlreadyInUse"),
        ("PUT", f"{CREDENTIALS}/twice", trust("repo:1"), 400, "Issuer and subject combination already exists"),
        ("PUT", f"{CREDENTIALS}/wide", trust("repo:*"), 400, "without wildcard"),
        ("PUT", f"{CREDENTIALS}/open", trust("repo:x", issuer="http://example.com"), 400, "https URL"),
        ("PUT", f"{CREDENTIALS}/all", trust("repo:x", audiences=["a", "b"]), 400, "exactly one audience"),
        ("PUT", f"{IDENTITY}s/federatedIdentityCredentials/lost", trust("repo:x"), 404, "ResourceNotFound"),
        ("PUT", f"{SUBSCRIPTION}/{ROLES}/other", role("Planner"), 409, "RoleDefinitionWithSameNameExists"),
        ("PUT", f"{SUBSCRIPTION}/{ROLES}/other", {**role("other"), "assignableScopes": []}, 400,
            "MissingAssignableScopes"),
        ("DELETE", f"{SUBSCRIPTION}/{ROLES}/custom", None, 400, "RoleDefinitionHasAssignments"),
        ("PUT", f"{SUBSCRIPTION}/{ASSIGNMENTS}/new", assignment(principalId="nobody"), 400, "PrincipalNotFound"),
        ("PUT", f"{SUBSCRIPTION}/{ASSIGNMENTS}/new", assignment(roleDefinitionId=f"{SUBSCRIPTION}/{ROLES}/gone"), 404,
            "RoleDefinitionDoesNotExist"),
        ("PUT", f"{SUBSCRIPTION}/{ASSIGNMENTS}/new", assignment(condition="(true)"), 400, "InvalidConditionVersion"),
        ("PUT", f"{SUBSCRIPTION}/{ASSIGNMENTS}/new", assignment(), 409, "RoleAssignmentExists"),
        ("DELETE", ACCOUNT, None, 409, "ScopeLocked"),
        ("DELETE", STATES, None, 409, "ScopeLocked"),
        ("DELETE", f"{STATES}/{ASSIGNMENTS}/writer", None, 409, "ScopeLocked"),
        ("DELETE", f"{SUBSCRIPTION}/resourceGroups/one", None, 409, "ScopeLocked"),
    ],
)
def test_the_double_refuses(fake, method, path, properties, status, code):
    before = fake.resources()
    seen, response = ask(fake, method, path, properties)
    assert seen == status and code in str(response["error"]), response
    assert fake.resources() == before


def test_an_identity_has_no_more_than_20_credentials(fake):
    assert ask(fake, "PUT", f"{CREDENTIALS}/twentieth", trust("repo:20"))[0] == 201
    status, response = ask(fake, "PUT", f"{CREDENTIALS}/more", trust("repo:21"))
    assert status == 400 and "at most 20" in response["error"]["message"]
    # Existing ones can still be changed.
    assert ask(fake, "PUT", f"{CREDENTIALS}/twentieth", trust("repo:22"))[0] == 200


@pytest.mark.parametrize("name, free", [("theirs", False), ("nobodys", True)])
def test_it_reports_whether_a_name_is_free(fake, name, free):
    for kind in ("Microsoft.Storage/storageAccounts", "Microsoft.ContainerRegistry/registries"):
        url = f"https://management.azure.com{SUBSCRIPTION}/providers/{kind.split('/')[0]}/checkNameAvailability"
        status, response = fake.ask("POST", url, {"name": name, "type": kind}, TOKEN)
        assert status == 200 and response["nameAvailable"] is free


def test_without_its_lock_everything_can_be_deleted(fake):
    for path in (LOCK, f"{STATES}/{ASSIGNMENTS}/writer", ACCOUNT):
        assert ask(fake, "DELETE", path)[0] == 200


def test_a_namespace_in_another_case_cannot_be_registered(fake):
    for namespace, status in (("Microsoft.Insights", 404), ("microsoft.insights", 200)):
        assert fake.ask("POST", f"https://management.azure.com{SUBSCRIPTION}/providers/{namespace}/register", {},
            TOKEN)[0] == status


def test_an_environment_in_a_network_needs_two_namespaces(fake):
    def register(namespace):
        assert fake.ask("POST", f"https://management.azure.com{SUBSCRIPTION}/providers/{namespace}/register", {},
            TOKEN)[0] == 200

    network = f"{GROUP}/Microsoft.Network/virtualNetworks/one"
    environment = f"{GROUP}/Microsoft.App/managedEnvironments/one"
    inside = {"vnetConfiguration": {"infrastructureSubnetId": f"{network}/subnets/private"}}
    register("Microsoft.App")
    register("Microsoft.Network")
    assert ask(fake, "PUT", network)[0] == ask(fake, "PUT", f"{network}/subnets/private")[0] == 201
    status, response = ask(fake, "PUT", environment, inside)
    assert status == 409 and response["error"]["code"] == "SubscriptionIsNotRegistered"
    register("Microsoft.ContainerService")
    assert ask(fake, "PUT", environment, inside)[0] == 201


def app(image, mode, **traffic):
    """Properties of a container app; `traffic` gives weights to revisions by name, and as `latest` to the newest."""
    weights = [{"latestRevision": True} if name == "latest" else {"revisionName": name} for name in traffic]
    return {
        "managedEnvironmentId": f"{GROUP}/Microsoft.App/managedEnvironments/one",
        "configuration": {
            "activeRevisionsMode": mode,
            "ingress": {"traffic": [{**each, "weight": weight} for each, weight in zip(weights, traffic.values())]},
        },
        "template": {"containers": [{"image": image, "resources": {"cpu": 0.5, "memory": "1Gi"}}]},
    }


def test_the_newest_revision_serves_once_it_is_ready_and_a_change_of_mode_may_stop_an_app(fake):
    path = f"{GROUP}/Microsoft.App/containerApps/one"
    assert ask(fake, "PUT", path, app("a", "Single", latest=100))[0] == 201
    first = ask(fake, "GET", path)[1]["properties"]["latestRevisionName"]
    fake.order("slow", reads=2)
    for weights in ({first: 0, "latest": 100}, {first: 100, "latest": 0}):
        assert ask(fake, "PUT", path, app("b", "Multiple", **weights))[0] == 200
        assert ask(fake, "GET", path)[1]["properties"]["latestReadyRevisionName"] == first or weights["latest"] == 0
        ask(fake, "GET", path)
    assert fake.order("history") == [{"a": 100}, {"b": 100}, {"a": 100}]
    # https://github.com/microsoft/azure-container-apps/issues/679
    assert ask(fake, "PUT", path, app("b", "Single", latest=100))[0] == 200
    assert ask(fake, "GET", path)[1]["properties"]["runningStatus"] == "Stopped" and fake.order("history")[-1] == {}
