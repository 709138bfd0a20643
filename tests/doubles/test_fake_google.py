"""Google's double, tests/doubles/clouds/Google.java, refuses what Google refuses. Each refusal once."""

import copy

import pytest
from doubles import google_rights
from doubles.fake_cloud import FakeCloud

pytestmark = [pytest.mark.check, pytest.mark.needs("jdk")]

PROJECT = "test-project"
REGION = f"projects/{PROJECT}/regions/us-central1"
GLOBAL = f"projects/{PROJECT}/global"
PLACE = f"projects/{PROJECT}/locations/us-central1"
ACCOUNT = f"meridian-service@{PROJECT}.iam.gserviceaccount.com"
APIS = ("artifactregistry", "certificatemanager", "cloudscheduler", "compute", "dns", "iam", "monitoring", "run",
    "storage")
LATEST = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"}
BY_NAME = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"}

SERVICE = {
    "template": {
        "serviceAccount": ACCOUNT,
        "vpcAccess": {"networkInterfaces": [{"subnetwork": f"{REGION}/subnetworks/service"}]},
        "containers": [{"image": "one", "resources": {"limits": {"cpu": "1", "memory": "2048Mi"}}}],
    },
    "traffic": [{**LATEST, "percent": 100}],
}


class Cloud:
    def __init__(self, folder):
        self.fake = FakeCloud("Google", folder, ["*.googleapis.com"])
        self.fake.order("enable", services=APIS)

    def ask(self, method, path, body=None):
        api, path = path.split(":", 1)
        return self.fake.ask(method, f"https://{api}.googleapis.com/{path}", body)

    def make(self, path, body):
        status, response = self.ask("POST", path, body)
        assert status == 200, response
        return response


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    """A service behind a load balancer, with everything that it needs."""
    cloud = Cloud(tmp_path_factory.mktemp("fake"))
    compute = f"compute:compute/v1/{GLOBAL}"
    cloud.ask("GET", f"cloudresourcemanager:v1/projects/{PROJECT}")
    cloud.make(f"iam:v1/projects/{PROJECT}/serviceAccounts", {"accountId": "meridian-service"})
    cloud.make(f"{compute}/networks", {"name": "net"})
    for name, cidr in (("service", "10.0.0.0/26"), ("small", "10.0.1.0/27")):
        body = {"name": name, "network": f"{GLOBAL}/networks/net", "ipCidrRange": cidr}
        cloud.make(f"compute:compute/v1/{REGION}/subnetworks", body)
    cloud.make(f"run:v2/{PLACE}/services?serviceId=meridian", SERVICE)
    cloud.make(
        f"compute:compute/v1/{REGION}/networkEndpointGroups",
        {"name": "group", "networkEndpointType": "SERVERLESS", "cloudRun": {"service": "meridian"}},
    )
    cloud.make(f"{compute}/backendServices",
        {"name": "backend", "backends": [{"group": f"{REGION}/networkEndpointGroups/group"}]})
    cloud.make(f"{compute}/urlMaps", {"name": "map", "defaultService": f"{GLOBAL}/backendServices/backend"})
    cloud.make(f"storage:storage/v1/b?project={PROJECT}", {"name": "bucket", "location": "us-central1"})
    yield cloud
    cloud.fake.stop()


def refused(cloud, status, words, method, path, body=None):
    before = cloud.fake.resources()
    seen, response = cloud.ask(method, path, body)
    assert seen == status and words in response["error"]["message"], response
    assert cloud.fake.resources() == before


def service(**changes):
    body = copy.deepcopy(SERVICE)
    template, container = body["template"], body["template"]["containers"][0]
    body.update({key: value for key, value in changes.items() if key == "traffic"})
    template.update({key: value
        for key, value in changes.items() if key in ("revision", "serviceAccount", "vpcAccess")})
    container.update({key: value
        for key, value in changes.items() if key in ("image", "env", "resources", "startupProbe")})
    return body


@pytest.mark.parametrize(
    "words, changes",
    [
        ("must sum up to 100; got 90", {"traffic": [{**LATEST, "percent": 90}]}),
        ("must sum up to 100; got 110", {"traffic": [{**LATEST, "percent": 60}, {**LATEST, "percent": 50}]}),
        ("between 0 and 100", {"traffic": [{**LATEST, "percent": 110}, {**LATEST, "percent": -10}]}),
        (
            "Revision 'meridian-00009-abc' does not exist",
            {"traffic": [{**LATEST, "percent": 10}, {**BY_NAME, "revision": "meridian-00009-abc", "percent": 90}]},
        ),
        ("names no revision", {"traffic": [{**LATEST, "revision": "meridian-00001-abc", "percent": 100}]}),
        ("does not exist", {"serviceAccount": f"gone@{PROJECT}.iam.gserviceaccount.com"}),
        ("does not exist", {"vpcAccess": {"networkInterfaces": [{"subnetwork": f"{REGION}/subnetworks/gone"}]}}),
        ("must be /26 or larger",
            {"vpcAccess": {"networkInterfaces": [{"subnetwork": f"{REGION}/subnetworks/small"}]}}),
        ("reserved env names were provided: PORT", {"env": [{"name": "PORT", "value": "80"}]}),
        ("resources.limits", {"resources": {"limits": {"cpu": "1", "memory": "8192Mi"}}}),
        ("resources.limits", {"resources": {"limits": {"cpu": "3", "memory": "2048Mi"}}}),
        ("must not be greater than period_seconds", {"startupProbe": {"periodSeconds": 2, "timeoutSeconds": 3}}),
        ("must not be greater than 240", {"startupProbe": {"periodSeconds": 10, "failureThreshold": 30}}),
    ],
)
def test_cloud_run_refuses(cloud, words, changes):
    refused(cloud, 400, words, "PATCH", f"run:v2/{PLACE}/services/meridian", service(**changes))


def test_the_name_of_a_revision_can_never_be_used_again(cloud):
    path = f"run:v2/{PLACE}/services/meridian"
    for body in (service(image="two", revision="meridian-once"), service()):
        assert cloud.ask("PATCH", path, body)[0] == 200
    refused(cloud, 409, "already exists", "PATCH", path, service(image="three", revision="meridian-once"))


def test_a_revision_that_does_not_start_is_not_the_latest_ready_one(cloud):
    path = f"run:v2/{PLACE}/services/meridian"
    before = cloud.ask("GET", path)[1]["latestReadyRevision"]
    cloud.fake.order("fail-next-revision")
    status, operation = cloud.ask("PATCH", path, service(image="broken"))
    assert status == 200 and "not ready" in operation["error"]["message"]
    after = cloud.ask("GET", path)[1]
    assert after["latestReadyRevision"] == before != after["latestCreatedRevision"]
    assert cloud.ask("PATCH", path, service())[0] == 200


@pytest.mark.parametrize(
    "path, user",
    [
        (f"{REGION}/networkEndpointGroups/group", "backendServices/backend"),
        (f"{GLOBAL}/backendServices/backend", "urlMaps/map"),
        (f"{GLOBAL}/networks/net", "subnetworks/s"),
        (f"{REGION}/subnetworks/service", "services/meridian"),
    ],
)
def test_a_resource_in_use_cannot_be_deleted(cloud, path, user):
    refused(cloud, 400, "is already being used by", "DELETE", f"compute:compute/v1/{path}")
    assert user in cloud.ask("DELETE", f"compute:compute/v1/{path}")[1]["error"]["message"]


def test_an_endpoint_group_cannot_be_changed_or_created_twice(cloud):
    path = f"compute:compute/v1/{REGION}/networkEndpointGroups"
    refused(cloud, 405, "cannot be changed", "PATCH", f"{path}/group", {"cloudRun": {"service": "other"}})
    refused(cloud, 409, "already exists", "POST", path, {"name": "group", "networkEndpointType": "SERVERLESS"})


@pytest.mark.parametrize(
    "words, changes",
    [
        ("cannot have health checks", {"healthChecks": ["one"]}),
        ("Timeout sec is not supported", {"timeoutSec": 30}),
        ("Max utilization", {"backends": [{"group": f"{REGION}/networkEndpointGroups/group", "maxUtilization": 0.5}]}),
    ],
)
def test_a_serverless_backend_accepts_fewer_settings(cloud, words, changes):
    body = {"name": "other", "backends": [{"group": f"{REGION}/networkEndpointGroups/group"}], **changes}
    refused(cloud, 400, words, "POST", f"compute:compute/v1/{GLOBAL}/backendServices", body)


@pytest.mark.parametrize(
    "status, words, path, body",
    [
        (404, "urlMaps/gone", f"compute:compute/v1/{GLOBAL}/targetHttpProxies",
            {"name": "proxy", "urlMap": f"{GLOBAL}/urlMaps/gone"}),
        (400, "conflicts", f"compute:compute/v1/{REGION}/subnetworks",
            {"name": "twin", "network": f"{GLOBAL}/networks/net", "ipCidrRange": "10.0.0.0/26"}),
        (400, "priority 2147483647", f"compute:compute/v1/{GLOBAL}/securityPolicies",
            {"name": "p", "rules": [{"priority": 1}]}),
        (400, "Two rules", f"compute:compute/v1/{GLOBAL}/securityPolicies",
            {"name": "p", "rules": 2 * [{"priority": 1}]}),
        (400, "Invalid account id", f"iam:v1/projects/{PROJECT}/serviceAccounts", {"accountId": "short"}),
        (409, "already exists", f"iam:v1/projects/{PROJECT}/serviceAccounts", {"accountId": "meridian-service"}),
        (400, "Invalid bucket name", f"storage:storage/v1/b?project={PROJECT}",
            {"name": "my-google-bucket", "location": "US"}),
        (409, "already exists", f"storage:storage/v1/b?project={PROJECT}", {"name": "bucket", "location": "US"}),
        (400, "Schedule", f"cloudscheduler:v1/{PLACE}/jobs",
            {"name": f"{PLACE}/jobs/one", "schedule": "every 5 minutes"}),
        (
            404,
            "does not exist",
            f"cloudscheduler:v1/{PLACE}/jobs",
            {"name": f"{PLACE}/jobs/one", "httpTarget": {"oauthToken": {"serviceAccountEmail": "gone@example.com"}}},
        ),
        (
            404,
            "notificationChannels/1",
            f"monitoring:v3/projects/{PROJECT}/alertPolicies",
            {"notificationChannels": [f"projects/{PROJECT}/notificationChannels/1"]},
        ),
        (501, "does not know", f"compute:compute/v1/{GLOBAL}/urlMaps/map/sing", {}),
    ],
)
def test_nothing_is_created_that_google_would_refuse(cloud, status, words, path, body):
    refused(cloud, status, words, "POST", path, body)


def test_a_check_with_an_alert_cannot_be_deleted(cloud):
    check = cloud.make(f"monitoring:v3/projects/{PROJECT}/uptimeCheckConfigs", {"displayName": "check"})["name"]
    cloud.make(
        f"monitoring:v3/projects/{PROJECT}/alertPolicies",
        {"conditions": [{"conditionThreshold": {"filter": f'check_id="{check.split("/")[-1]}"'}}]},
    )
    refused(cloud, 400, "is already being used by", "DELETE", f"monitoring:v3/{check}")


def test_rights_are_granted_only_to_existing_accounts(cloud):
    policy = {"bindings": [{"role": "roles/storage.objectViewer", "members": ["serviceAccount:gone@example.com"]}]}
    refused(cloud, 400, "does not exist", "PUT", "storage:storage/v1/b/bucket/iam", policy)


POOLS = f"iam:v1/projects/{PROJECT}/locations/global/workloadIdentityPools"
ROLES = f"iam:v1/projects/{PROJECT}/roles"
GITHUB = {
    "attributeMapping": {"google.subject": "assertion.sub"},
    "attributeCondition": "assertion.repository_id == '1'",
    "oidc": {"issuerUri": "https://token.actions.githubusercontent.com"},
}


@pytest.fixture(scope="module")
def trust(cloud):
    """A pool with a provider and a role that exist, and others that were deleted."""
    for name in ("there", "gone"):
        cloud.make(f"{POOLS}?workloadIdentityPoolId={name}", {})
        cloud.make(f"{POOLS}/{name}/providers?workloadIdentityPoolProviderId=github", GITHUB)
        cloud.make(ROLES, {"roleId": name, "role": {"includedPermissions": ["storage.buckets.create"]}})
    cloud.make(f"{POOLS}/there/providers?workloadIdentityPoolProviderId=former", GITHUB)
    for path in (f"{POOLS}/gone", f"{POOLS}/there/providers/former", f"{ROLES}/gone"):
        assert cloud.ask("DELETE", path)[0] == 200
    return cloud


def bound(version=1, **binding):
    return {"policy": {"version": version,
        "bindings": [{"role": "roles/viewer", "members": ["user:someone@example.com"], **binding}]}}


POLICY = f"cloudresourcemanager:v1/projects/{PROJECT}:setIamPolicy"
IDENTITY_POOLS = "principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools"


@pytest.mark.parametrize(
    "status, words, path, body",
    [
        (409, "Requested entity already exists", f"{POOLS}?workloadIdentityPoolId=there", {}),
        # An id stays reserved for 30 days after the deletion.
        (409, "Requested entity already exists", f"{POOLS}?workloadIdentityPoolId=gone", {}),
        (409, "Requested entity already exists", f"{POOLS}/there/providers?workloadIdentityPoolProviderId=former",
            GITHUB),
        (400, "Invalid id", f"{POOLS}?workloadIdentityPoolId=gcp-mine", {}),
        (404, "was not found", f"{POOLS}/never/providers?workloadIdentityPoolProviderId=github", GITHUB),
        (400, "must map google.subject", f"{POOLS}/there/providers?workloadIdentityPoolProviderId=other",
            {**GITHUB, "attributeMapping": {}}),
        (400, "must reference", f"{POOLS}/there/providers?workloadIdentityPoolProviderId=other",
            {**GITHUB, "attributeCondition": None}),
        (400, "https URL", f"{POOLS}/there/providers?workloadIdentityPoolProviderId=other",
            {**GITHUB, "oidc": {"issuerUri": "http://example.com"}}),
        (400, "marked for deletion", ROLES, {"roleId": "gone", "role": {}}),
        (409, "already exists", ROLES, {"roleId": "there", "role": {}}),
        (400, "role_id", ROLES, {"roleId": "with-hyphen", "role": {}}),
        (400, "is not deleted", f"{POOLS}/there:undelete", {}),
        (400, "does not exist in", POLICY, bound(role=f"projects/{PROJECT}/roles/gone")),
        (400, "Identity Pool does not exist", POLICY, bound(members=[f"{IDENTITY_POOLS}/gone/attribute.a/b"])),
        (400, "must specify version 3", POLICY, bound(condition={"expression": "true"})),
    ],
)
def test_invalid_trust_is_refused(trust, status, words, path, body):
    refused(trust, status, words, "POST", path, body)


def test_a_condition_needs_a_bucket_without_access_lists(trust):
    policy = bound(version=3, condition={"expression": "true"})["policy"]
    refused(trust, 400, "uniform bucket-level access", "PUT", "storage:storage/v1/b/bucket/iam", policy)


def test_a_policy_that_somebody_else_changed_meanwhile_is_not_written(trust):
    path = f"cloudresourcemanager:v1/projects/{PROJECT}"
    old = trust.ask("POST", f"{path}:getIamPolicy", {})[1]
    trust.make(f"{path}:setIamPolicy",
        {"policy": {**bound(members=[f"{IDENTITY_POOLS}/there/attribute.a/b"])["policy"], "etag": old["etag"]}})
    refused(trust, 409, "concurrent policy changes", "POST", f"{path}:setIamPolicy",
        {"policy": {**bound()["policy"], "etag": old["etag"]}})


def test_a_deleted_resource_is_marked_and_can_be_undeleted(trust):
    for path, state in ((f"{POOLS}/gone", {"state": "DELETED"}), (f"{ROLES}/gone", {"deleted": True})):
        response = trust.ask("GET", path)[1]
        assert response | state == response
        trust.make(f"{path}:undelete", {})
        response = trust.ask("GET", path)[1]
        assert response.get("state", "ACTIVE") == "ACTIVE" and not response.get("deleted")


def test_an_api_that_is_off_refuses_requests(tmp_path):
    fake = FakeCloud("Google", tmp_path, ["*.googleapis.com"])
    try:
        status, response = fake.ask("GET", f"https://run.googleapis.com/v2/{PLACE}/services")
        assert status == 403 and response["error"]["errors"][0]["reason"] == "SERVICE_DISABLED"
    finally:
        fake.stop()


def test_zeros_are_omitted_from_a_dashboard(cloud):
    tile = {"xPos": 0, "yPos": 4, "widget": {"title": "one"}}
    created = cloud.make(f"monitoring:v1/projects/{PROJECT}/dashboards",
        {"displayName": "board", "mosaicLayout": {"tiles": [tile]}})
    assert cloud.ask("GET",
        f"monitoring:v1/{created['name']}")[1]["mosaicLayout"]["tiles"] == [{"yPos": 4, "widget": {"title": "one"}}]


def test_the_newest_revision_serves_once_it_is_ready(cloud):
    cloud.make(f"run:v2/{PLACE}/services?serviceId=late", service(image="first"))
    cloud.fake.order("late-revisions", requests=2)
    operation = cloud.ask("PATCH", f"run:v2/{PLACE}/services/late", service(image="second"))[1]
    assert not operation["done"]
    for done in (False, True):
        assert cloud.ask("GET", f"run:v2/{operation['name']}")[1]["done"] is done
    cloud.fake.order("late-revisions", requests=0)
    assert cloud.fake.order("history")[-2:] == [{"first": 100}, {"second": 100}]


RULE = {"priority": 7, "action": "allow"}
LAST = {"priority": 2147483647, "action": "allow"}


def test_rules_of_a_policy_are_added_and_removed_one_by_one(cloud):
    policies = f"compute:compute/v1/{GLOBAL}/securityPolicies"
    cloud.make(policies, {"name": "policy", "rules": [LAST]})
    cloud.make(f"{policies}/policy/addRule", RULE)
    refused(cloud, 400, "same priorities", "POST", f"{policies}/policy/addRule", RULE)
    cloud.make(f"{policies}/policy/patchRule?priority=7", {"action": "deny(403)"})
    assert cloud.ask("GET", f"{policies}/policy/getRule?priority=7")[1]["action"] == "deny(403)"
    cloud.make(f"{policies}/policy/removeRule?priority=7", {})
    refused(cloud, 400, "does not exist", "POST", f"{policies}/policy/removeRule?priority=7", {})
    refused(cloud, 400, "priority 2147483647", "POST", f"{policies}/policy/removeRule?priority=2147483647", {})


def test_a_channel_in_use_is_deleted_only_by_force(cloud):
    monitoring = f"monitoring:v3/projects/{PROJECT}"
    channel = cloud.make(f"{monitoring}/notificationChannels", {"type": "email"})["name"]
    policy = cloud.make(f"{monitoring}/alertPolicies", {"notificationChannels": [channel]})["name"]
    refused(cloud, 400, "is already being used by", "DELETE", f"monitoring:v3/{channel}")
    assert cloud.ask("DELETE", f"monitoring:v3/{channel}?force=true")[0] == 200
    assert "notificationChannels" not in cloud.ask("GET", f"monitoring:v3/{policy}")[1]


def test_a_group_of_machines_surges_by_at_least_its_zones_and_stays_while_in_use(cloud):
    managers = f"compute:compute/v1/{REGION}/instanceGroupManagers"
    refused(cloud, 400, "number of zones", "POST", managers,
        {"name": "few", "updatePolicy": {"maxSurge": {"fixed": 1}}})
    template = {"name": "template", "properties": {"serviceAccounts": [{"email": "gone@example.com"}]}}
    refused(cloud, 400, "does not exist", "POST", f"compute:compute/v1/{REGION}/instanceTemplates", template)
    cloud.make(f"compute:compute/v1/{REGION}/instanceTemplates", {**template, "properties": {}})
    cloud.make(managers,
        {"name": "machines", "versions": [{"instanceTemplate": f"{REGION}/instanceTemplates/template"}]})
    assert [cloud.ask("GET", f"{managers}/machines")[1]["status"]["isStable"] for _ in range(2)] == [False, True]
    cloud.make(f"compute:compute/v1/{REGION}/backendServices",
        {"name": "front", "backends": [{"group": f"{REGION}/instanceGroups/machines"}]})
    refused(cloud, 400, "backendServices/front", "DELETE", f"{managers}/machines")
    refused(cloud, 400, "instanceGroupManagers/machines", "DELETE",
        f"compute:compute/v1/{REGION}/instanceTemplates/template")


def test_an_account_may_do_what_its_roles_and_their_conditions_allow(tmp_path):
    fake = FakeCloud("Google", tmp_path, ["*.googleapis.com"])
    try:
        fake.order("enable", services=APIS)
        cloudresourcemanager = f"https://cloudresourcemanager.googleapis.com/v1/projects/{PROJECT}"
        storage = "https://storage.googleapis.com/storage/v1/b"
        fake.ask("GET", cloudresourcemanager)
        fake.ask("POST", f"https://iam.googleapis.com/v1/projects/{PROJECT}/serviceAccounts",
            {"accountId": "meridian-service"})
        for name in ("mine", "other"):
            fake.ask("POST", f"{storage}?project={PROJECT}", {"name": name, "location": "us-central1"})
        binding = {
            "role": "roles/storage.admin",
            "members": [f"serviceAccount:{ACCOUNT}"],
            "condition": {"expression": "resource.name == 'x' || resource.name.startsWith('projects/_/buckets/mine')"},
        }
        assert fake.ask("POST", f"{cloudresourcemanager}:setIamPolicy",
            {"policy": {"version": 3, "bindings": [binding]}})[0] == 200
        fake.order("judge", **google_rights.TABLE)

        def status(method, url, who):
            return fake.ask(method, url, headers={"Authorization": f"Bearer {who}"})[0]

        assert status("GET", f"{storage}/mine", ACCOUNT) == 200
        assert status("GET", f"{storage}/other", ACCOUNT) == 403
        assert status("GET", f"{storage}/mine", f"somebody@{PROJECT}.iam.gserviceaccount.com") == 403
        # Its role has the permission, but the condition does not include the project.
        assert status("GET", cloudresourcemanager, ACCOUNT) == 403
        assert status("GET", f"{storage}/other", "the owner") == 200
        assert status("GET", f"https://monitoring.googleapis.com/v3/projects/{PROJECT}/groups", "the owner") == 501
    finally:
        fake.stop()
