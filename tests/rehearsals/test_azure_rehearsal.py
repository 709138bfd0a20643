"""The Azure stack with the real provider, on a double of Resource Manager: tests/doubles/clouds/Arm.java.

The tests build on each other, from the first apply to the destroy.
"""

import json
import shutil
import subprocess

import pytest
from support.azure_world import APP, GROUP, HASH, REGISTRY, SERVICE, SUBSCRIPTION, UPDATE, A, Azure, B, C, D, token
from support.machine import ROOT
from support.providers import Providers
from support.rehearsal import changed, fair, timed

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "azurerm", "jdk")]


@pytest.fixture(scope="module")
def azure(tmp_path_factory):
    rehearsal = Azure(tmp_path_factory.mktemp("azure"))
    yield rehearsal
    rehearsal.stop()


JOB_ADDRESS = "module.probe[0].azurerm_container_app_job.this"


def test_doctor_finds_the_subscription_ready(azure):
    said = azure.said("doctor", IMAGE=A)
    assert "region westeurope with 3 zones" in said and "./taskw deploy-azure" in said


def test_the_double_refuses_what_the_subscription_is_not_registered_for(azure):
    group = f"{SUBSCRIPTION}/resourceGroups/early"
    assert azure.ask("PUT", group, {"location": "westeurope"})[0] == 201
    status, response = azure.ask("PUT", f"{group}/providers/Microsoft.Network/virtualNetworks/early", {})
    assert (status, response["error"]["code"]) == (409, "MissingSubscriptionRegistration")
    assert azure.ask("DELETE", group)[0] == 200


def test_a_full_plan_takes_less_than_15_seconds_and_matches_the_guide(azure):
    azure.set(image=A)
    plan, *seconds = timed(azure.plan)
    assert fair(*seconds) < 15
    changes = changed(plan)
    assert set(map(tuple, changes.values())) == {("create",)}
    # An image that the stack builds itself adds two.
    assert f"creates {len(changes) + 2} resources" in (ROOT / "stacks/azure/README.md").read_text()
    modules = plan["configuration"]["root_module"]["module_calls"]
    assert "module.service.origin" in modules["edge"]["expressions"]["origin"]["references"]
    assert "var.compute.domain" in modules["service"]["module"]["outputs"]["origin"]["expression"]["references"]
    compute = modules["environment"]["module"]["outputs"]["compute"]
    assert "azurerm_container_app_environment.this.default_domain" in compute["expression"]["references"]
    # The gateway resolves the name when it is created, so the name must exist.
    assert {"azurerm_private_dns_a_record.this",
        "azurerm_private_dns_zone_virtual_network_link.this"} <= set(compute["depends_on"])


def test_one_apply_creates_everything_and_a_second_plan_is_empty(azure):
    # A right to blobs takes a while to spread, as on Azure.
    azure.fake.order("spread", refusals=3)
    azure.set(image=A)
    azure.apply()
    assert azure.settled()
    outputs = azure.outputs()
    assert outputs["url"] == f"http://meridian-{HASH}.westeurope.cloudapp.azure.com"
    assert outputs["image"] == A and "canary" not in outputs
    assert outputs["revision"] == azure.app()["latestRevisionName"]
    assert azure.serving() == {A: 100}
    waits = [each for each in azure.fake.requests() if each["query"].get("comp") == "list"]
    assert [each["status"] for each in waits] == [403, 403, 403, 200, 200, 200]


def test_a_stack_from_before_platforms_is_not_changed(azure):
    """Addresses had no index then, and the environment was in the module of the service."""
    file = azure.stack / "terraform.tfstate"
    state = json.loads(file.read_text())
    for each in state["resources"]:
        if "module" in each:
            each["module"] = each["module"].replace("[0]", "").replace("module.environment", "module.service")
    file.write_text(json.dumps({**state, "serial": state["serial"] + 1}))
    plan = azure.plan()
    assert changed(plan) == {}
    assert {tuple(each["actions"]) for each in plan["output_changes"].values()} == {("no-op",)}
    azure.terraform("apply", "-input=false", "plan")
    assert azure.settled()


def test_the_gateway_forwards_to_the_environment(azure):
    gateway = azure.get(f"{GROUP}/providers/Microsoft.Network/applicationGateways/meridian")["properties"]
    environment = azure.get(f"{GROUP}/providers/Microsoft.App/managedEnvironments/meridian")["properties"]
    [pool] = gateway["backendAddressPools"]
    [address] = pool["properties"]["backendAddresses"]
    assert address["fqdn"] == azure.app()["configuration"]["ingress"]["fqdn"]
    zone = f"{GROUP}/providers/Microsoft.Network/privateDnsZones/{environment['defaultDomain']}"
    [record] = azure.get(f"{zone}/A/*")["properties"]["aRecords"]
    assert record["ipv4Address"] == environment["staticIp"]
    [link] = azure.get(f"{zone}/virtualNetworkLinks")["value"]
    assert link["properties"]["virtualNetwork"]["id"] == f"{GROUP}/providers/Microsoft.Network/virtualNetworks/meridian"
    assert environment["vnetConfiguration"]["internal"] and environment["publicNetworkAccess"] == "Disabled"


def test_alerts_watch_existing_resources(azure):
    resources = azure.fake.resources()
    for each in resources.values():
        if each["type"].endswith(("metricAlerts", "scheduledQueryRules")):
            assert all(scope in resources for scope in each["properties"]["scopes"]), each


def test_the_documents_are_in_the_store(azure):
    text = (ROOT / "app/documents/foo.json").read_text()
    blobs = [each for each in azure.fake.resources().values() if each["type"] == "blob"]
    assert [(each["name"], each["contentType"], each["content"])
        for each in blobs] == [("foo.json", "application/json", text)]


def test_a_new_image_changes_the_service_and_the_probe_and_nothing_else(azure):
    azure.set(image=B)
    assert azure.apply() == {**SERVICE, JOB_ADDRESS: UPDATE}
    assert azure.serving() == {B: 100}
    assert azure.settled()


def test_deploy_keeps_a_supplied_image(azure):
    (azure.stack / "rehearsal.auto.tfvars.json").unlink()
    said = azure.said("deploy")
    assert f"Keeping the image that was supplied: {B}" in said and "Resources: 0 added, 0 changed, 0 destroyed" in said
    assert f"Serves at {azure.outputs()['url']}" in said and "Next: ./taskw verify-azure" in said


def test_a_revision_that_never_gets_ready_gets_no_requests_and_is_reported(azure, monkeypatch):
    monkeypatch.setitem(azure.environment, "LIMIT", "2")
    before = azure.outputs()["revision"]
    azure.fake.order("slow", reads=-1)
    azure.set(image=C)
    said = azure.refused()
    assert "is not ready; the previous revision keeps serving" in said and "az containerapp logs show" in said
    # The same when it is applied again, with nothing to change.
    assert "is not ready; the previous revision keeps serving" in azure.refused()
    assert azure.serving() == {B: 100, C: 0}
    assert (azure.outputs()["revision"], azure.outputs()["image"], azure.probe_image()) == (before, B, B)
    # From here on revisions become ready after some reads, as on Azure.
    azure.fake.order("slow", reads=4)
    azure.set(image=B)
    azure.apply()
    assert azure.serving() == {B: 100}
    assert azure.settled()


def test_a_canary_gets_a_tenth(azure):
    stable = azure.outputs()["revision"]
    azure.set(canary={"image": C, "percent": 10, "stable": stable})
    assert azure.apply() == SERVICE
    assert azure.weights() == {stable: 90, azure.app()["latestRevisionName"]: 10}
    assert azure.serving() == {B: 90, C: 10}
    assert azure.outputs()["revision"] == stable and azure.outputs()["canary"]["image"] == C
    assert azure.settled()


@pytest.mark.parametrize("image, canary", [(B, None), (C, None), (D, None), (B, {"image": D, "percent": 20})])
def test_a_change_that_would_exceed_a_canarys_share_is_refused_before_anything_changes(azure, image, canary):
    before, ours = azure.get(APP), (azure.image, azure.canary)
    azure.set(image=image, canary=canary and {**azure.canary, **canary})
    said = azure.refused_at_plan()
    assert f"A canary of {C} has 10 %" in " ".join(said.replace("│", " ").split())
    assert "./taskw canary-azure WITHDRAW=1" in said
    azure.set(image=ours[0], canary=ours[1])
    assert azure.get(APP) == before


def test_a_promoted_canary_is_the_revision_that_was_tried(azure):
    tried = azure.app()["latestRevisionName"]
    # Requests first, then the mode.
    azure.set(canary={**azure.canary, "percent": 100})
    assert azure.apply() == SERVICE
    assert azure.weights()[tried] == 100
    azure.set(image=C, canary=None)
    assert azure.apply() == {**SERVICE, JOB_ADDRESS: UPDATE}
    assert azure.weights() == {tried: 100}
    assert azure.outputs()["revision"] == tried
    assert azure.settled()


def test_a_setting_may_change_during_a_canary_which_gets_nothing_once_withdrawn(azure):
    stable = azure.outputs()["revision"]
    azure.set(canary={"image": D, "percent": 10, "stable": stable})
    azure.apply()
    for settings in ({"MERIDIAN_GREETING": "Hello"}, {}):
        azure.set(settings=settings)
        assert azure.apply() == SERVICE
        weights = azure.weights()
        assert weights.pop(stable) == 90 and weights.pop(azure.app()["latestRevisionName"]) == 10
        # Revisions in between get no requests any more.
        assert set(weights.values()) <= {0}
        assert azure.settled()
    assert azure.serving()[C] == 90
    azure.withdraw()
    assert azure.serving() == {C: 100}
    assert azure.settled()


def test_the_first_image_comes_back_as_a_new_revision(azure):
    first = [each["name"] for each in azure.get(f"{APP}/revisions")["value"]]
    azure.set(image=A, canary=None)
    assert azure.apply() == {**SERVICE, JOB_ADDRESS: UPDATE}
    assert azure.serving() == {A: 100}
    assert azure.app()["latestRevisionName"] not in first
    # Azure generates all names, so none of ours can collide.
    puts = [json.loads(each["body"]) for each in azure.fake.requests() if each["method"] == "PUT"
        and each["path"] == APP]
    assert puts and not any(each["properties"]["template"].get("revisionSuffix") for each in puts)
    assert azure.outputs()["revision"] == azure.app()["latestRevisionName"]
    assert azure.settled()


def test_a_canary_beside_a_missing_revision_is_refused_and_changes_nothing(azure):
    before = azure.app()
    azure.set(canary={"image": B, "percent": 10, "stable": "meridian--gone"})
    assert "RevisionNotFound" in azure.refused()
    assert azure.app() == before
    azure.set(canary=None)
    # Terraform had removed the previous wait before the new revision was refused.
    assert azure.apply() == {"module.service.terraform_data.ready": ["create"]}
    assert azure.settled()


LATEST = {"latestRevision": True}


@pytest.mark.parametrize(
    "code, change",
    [
        ("TrafficWeightsInvalid",
            lambda app: app["configuration"]["ingress"].update(traffic=[{**LATEST, "weight": 90}])),
        (
            "RevisionNotFound",
            lambda app: app["configuration"]["ingress"].update(traffic=[{**LATEST, "weight": 10},
                {"revisionName": "meridian--gone", "weight": 90}]),
        ),
        (
            "RevisionInactive",
            lambda app: app["configuration"]["ingress"].update(traffic=[{**LATEST, "weight": 10},
                {"revisionName": "{inactive}", "weight": 90}]),
        ),
        (
            "TrafficInvalidInSingleMode",
            lambda app: app["configuration"].update(
                activeRevisionsMode="Single",
                ingress={**app["configuration"]["ingress"],
                    "traffic": [{"revisionName": app["latestRevisionName"], "weight": 100}]},
            ),
        ),
        ("InvalidRevisionSuffix",
            lambda app: app["template"].update(revisionSuffix="{used}", terminationGracePeriodSeconds=31)),
        ("ContainerAppInvalidResourceTotal",
            lambda app: app["template"]["containers"][0]["resources"].update(memory="3Gi")),
        ("ImagePullUnauthorized",
            lambda app: app["template"]["containers"][0].update(image=f"other.azurecr.io/x@sha256:{64 * 'a'}")),
        ("ImagePullUnauthorized", lambda app: app["configuration"].update(registries=[])),
        ("InvalidResourceReference",
            lambda app: app.update(managedEnvironmentId=f"{GROUP}/providers/Microsoft.App/managedEnvironments/gone")),
    ],
)
def test_the_double_refuses_an_app_that_azure_refuses(azure, code, change):
    before = azure.get(APP)
    inactive = [each["name"] for each in azure.get(f"{APP}/revisions")["value"] if not each["properties"]["active"]][0]
    app = azure.get(APP)
    app["properties"]["configuration"]["activeRevisionsMode"] = "Multiple"
    change(app["properties"])
    body = json.loads(json.dumps(app).replace("{inactive}", inactive).replace("{used}", inactive.split("--")[1]))
    status, response = azure.ask("PUT", APP, body)
    assert (status, response["error"]["code"]) == (400, code)
    assert azure.get(APP) == before


@pytest.mark.parametrize(
    "method, path, body, status, code",
    [
        ("GET", "/providers/Microsoft.Network/publicIPAddresses/gone", None, 404, "ResourceNotFound"),
        ("PUT", "/providers/Microsoft.Network/virtualNetworks/gone/subnets/one", {"properties": {}}, 404,
            "ResourceNotFound"),
        ("DELETE", "/providers/Microsoft.Network/networkSecurityGroups/meridian-private", None, 400, "InUse"),
        ("DELETE", "/providers/Microsoft.Network/virtualNetworks/meridian/subnets/meridian-private", None, 400,
            "InUse"),
        ("DELETE", "/providers/Microsoft.Network/publicIPAddresses/meridian-gateway", None, 400, "InUse"),
        ("DELETE", "/providers/Microsoft.App/managedEnvironments/meridian", None, 400, "InUse"),
        (
            "PUT",
            "/providers/Microsoft.Authorization/roleAssignments/00000000-0000-0000-0000-000000000001",
            {"properties": {"principalId": "00000000-0000-0000-0000-000000000009", "roleDefinitionId": "x/y"}},
            400,
            "PrincipalNotFound",
        ),
        ("POST", "/providers/Microsoft.App/containerApps/meridian/sing", {}, 404, "UnknownAction"),
    ],
)
def test_the_double_refuses_missing_resources_and_keeps_those_in_use(azure, method, path, body, status, code):
    before = azure.fake.resources()
    seen, response = azure.ask(method, GROUP + path, body)
    assert (seen, response["error"]["code"]) == (status, code)
    assert azure.fake.resources() == before


def test_the_double_refuses_a_gateway_with_a_broken_reference(azure):
    path = f"{GROUP}/providers/Microsoft.Network/applicationGateways/meridian"
    gateway = azure.get(path)
    gateway["properties"]["httpListeners"][0]["properties"]["frontendPort"]["id"] = f"{path}/frontendPorts/gone"
    status, response = azure.ask("PUT", path, gateway)
    assert (status, response["error"]["code"]) == (400, "InvalidResourceReference")


def test_the_double_refuses_a_duplicate_role_assignment(azure):
    given = [path for path, each in azure.fake.resources().items() if each["type"].endswith("roleAssignments")]
    assert len(given) == 3
    again = f"{given[0].rsplit('/', 1)[0]}/00000000-0000-0000-0000-000000000001"
    status, response = azure.ask("PUT", again, azure.get(given[0]))
    assert (status, response["error"]["code"]) == (409, "RoleAssignmentExists")


def test_the_double_refuses_blobs_without_a_role(azure):
    stranger = {**azure.environment, "AZ_OBJECT_ID": "88888888-1111-2222-3333-444444444444"}
    url = f"https://meridian{HASH}.blob.core.windows.net/documents?restype=container&comp=list"
    for who, status in ((azure.environment, 200), (stranger, 403)):
        seen = subprocess.run(
            ["curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--header",
                f"Authorization: Bearer {token(who)}", url],
            env=azure.environment,
            text=True,
            stdout=subprocess.PIPE,
        ).stdout
        assert seen == str(status)


def test_a_blob_changed_by_hand_is_restored(azure):
    [(path, blob)] = [(path, each) for path, each in azure.fake.resources().items() if each["type"] == "blob"]
    azure.fake.order("put", **{**blob, "content": "{}", "md5": "mZFLkyvTelC5g8XnyQrpOw=="})
    assert azure.apply() == {'module.documents[0].azurerm_storage_blob.document["foo"]': ["delete", "create"]}
    assert azure.fake.resources()[path]["content"] == blob["content"]
    assert azure.settled()


ZONE = f"{SUBSCRIPTION}/resourceGroups/dns/providers/Microsoft.Network/dnsZones/example.com"
CERTIFICATE = f"{SUBSCRIPTION}/resourceGroups/keys/providers/Microsoft.KeyVault/vaults/certificates/secrets/time"
SHARED = f"{SUBSCRIPTION}/resourceGroups/shared/providers/Microsoft.ContainerRegistry/registries/shared"


@pytest.fixture(scope="module")
def theirs(azure):
    """A zone, a certificate and a registry that are not the stack's own."""
    for path, properties in ((ZONE, {}), (CERTIFICATE, {}), (SHARED, {"loginServer": "shared.azurecr.io"})):
        azure.fake.order("put", id=path, name=path.split("/")[-1], type="/".join(path.split("/")[6:8]),
            properties=properties)


def test_options_are_turned_on_and_off_in_one_apply_each(azure, theirs):
    gateway = f"{GROUP}/providers/Microsoft.Network/applicationGateways/meridian"
    everything = {
        "waf": True,
        "domain": {"name": "time.example.com", "zone": ZONE, "certificate": CERTIFICATE},
        "email": "ops@example.com",
        "nat": "none",
    }
    standing = azure.fake.resources().keys()
    for variables in (everything, {"waf": True}, {}):
        azure.turn(**variables)
        azure.apply()
        assert azure.settled()
        shown = azure.get(gateway)["properties"]
        assert shown["sku"]["tier"] == ("WAF_v2" if variables.get("waf") else "Standard_v2")
        domain = "domain" in variables
        assert len(shown["sslCertificates"]) == domain
        assert {each["name"] for each in shown["httpListeners"]} == {"http"} | ({"https"} if domain else set())
        assert azure.outputs()["url"].startswith("https://time.example.com" if domain else "http://meridian-")
    assert azure.fake.resources().keys() == standing


def test_a_shared_registry_takes_over_and_hands_back_while_images_can_be_pulled(azure, theirs, monkeypatch):
    own = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/{REGISTRY.split('.')[0]}"
    # A right to pull takes a while to spread, as on Azure, and is waited for.
    azure.fake.order("spread", seconds=4)
    monkeypatch.setitem(azure.environment, "SPREAD", "5")
    azure.turn(repository_url="shared.azurecr.io/meridian")
    azure.set(image=f"shared.azurecr.io/meridian@sha256:{'e' * 64}")
    azure.apply()
    assert azure.settled()
    asked = [f"{each['method']} {each['path']}" for each in azure.fake.requests()]
    # The stack's registry goes only after the revision with the shared one's image is ready.
    assert asked.index(f"DELETE {own}") > max(at for at, each in enumerate(asked) if each == f"PUT {APP}")
    ready = [at for at, each in enumerate(azure.fake.requests()) if each["path"] == APP
        and each["query"] == {"api-version": "2025-01-01"}]
    assert asked.index(f"DELETE {own}") > ready[-1]
    azure.turn()
    azure.set(image=A)
    azure.apply()
    assert azure.serving() == {A: 100} and own in azure.fake.resources()
    assert azure.settled()


DELIVERY = """
provider "azurerm" {
  storage_use_azuread             = true
  resource_provider_registrations = "none"
  resource_providers_to_register  = ["Microsoft.ManagedIdentity"]
  features {}
}

resource "azurerm_resource_group" "this" {
  name     = "pipelines"
  location = "westeurope"
}

module "delivery" {
  source       = "../modules/azure/delivery"
  place        = { resource_group = azurerm_resource_group.this.name, location = "westeurope" }
  name         = "other"
  environments = { production = "other" }
  platforms    = {}
  github       = null
  store        = "STORE/blobServices/default/containers/state"
}
"""


def test_the_applying_identity_writes_the_documents_whoever_planned(azure, request):
    """A second stack's documents: a person, a planner and a deployer take turns."""
    standing = azure.fake.resources()
    # The deployer's rights are old enough to be effective.
    azure.fake.order("spread", refusals=0)
    pipelines = azure.folder / "pipelines"
    pipelines.mkdir()
    store = f"{SUBSCRIPTION}/resourceGroups/pipelines/providers/Microsoft.Storage/storageAccounts/states"
    (pipelines / "main.tf").write_text(DELIVERY.replace("STORE", store))
    shutil.copy(azure.stack / "versions.tf", pipelines)

    def delivery(*arguments):
        return subprocess.run(["terraform", f"-chdir={pipelines}", *arguments], env=azure.environment, check=True,
            text=True, stdout=subprocess.PIPE).stdout

    delivery("init", "-input=false")
    delivery("apply", "-auto-approve", "-input=false")
    identities = f"{SUBSCRIPTION}/resourceGroups/pipelines/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
    planner, deployer = (azure.get(f"{identities}/other-{who}")["properties"]["principalId"]
        for who in ("planner", "deployer"))
    ours, providers = azure.environment, {}
    request.addfinalizer(lambda: [each.__exit__() for each in providers.values()])
    other = ["-input=false", "-state=other.tfstate", "-target=module.documents"]

    def run(who, *arguments, codes=(0,)):
        azure.environment = {**ours, "TF_VAR_name": "other", "LIMIT": "30", **({"AZ_OBJECT_ID": who} if who else {})}
        if who:
            if who not in providers:
                (azure.folder / who).mkdir()
                providers[who] = Providers(azure.folder / who, azure.environment)
            azure.environment["TF_REATTACH_PROVIDERS"] = providers[who].attach("azurerm", azure.stack)
        try:
            return azure.terraform(*arguments, codes=codes)
        finally:
            azure.environment = ours

    def planned(text):
        (azure.folder / "app/documents/foo.json").write_text(text)
        run(planner, "plan", *other, "-var=name=other", "-out=other.plan")

    def stored():
        return [each["content"] for path, each in azure.fake.resources().items() if each["type"] == "blob"
            and "/other" in path]

    original = (azure.folder / "app/documents/foo.json").read_text()
    planned('{"by": "deployer"}')
    run(deployer, "apply", "-input=false", "-state=other.tfstate", "other.plan")
    assert stored() == ['{"by": "deployer"}']
    (azure.folder / "app/documents/foo.json").write_text('{"by": "person"}')
    run(None, "apply", "-auto-approve", *other, "-var=name=other")
    assert stored() == ['{"by": "person"}']
    planned('{"by": "deployer again"}')
    # The planner may not write.
    assert "AuthorizationPermissionMismatch" in run(planner, "apply", "-input=false", "-state=other.tfstate",
        "other.plan", codes=(1,)).stdout
    planned('{"by": "deployer again"}')
    run(deployer, "apply", "-input=false", "-state=other.tfstate", "other.plan")
    assert stored() == ['{"by": "deployer again"}']
    run(deployer, "destroy", "-auto-approve", *other, "-var=name=other")
    (azure.folder / "app/documents/foo.json").write_text(original)
    # Terraform would check for minutes whether the planner's role is gone.
    for path in azure.fake.resources().keys() - standing.keys():
        azure.fake.order("forget", id=path)


def test_a_destroy_during_a_canary_keeps_foreign_resources(azure, theirs):
    azure.set(canary={"image": B, "percent": 10, "stable": azure.outputs()["revision"]})
    azure.apply()
    # With the state out of sight, destroy asks Azure itself.
    state = azure.stack / "terraform.tfstate"
    hidden = state.rename(azure.folder / "state")
    said = azure.said("destroy", CONFIRM="meridian", code=1)
    hidden.rename(state)
    assert "resource group meridian\n" in said and "Microsoft.App/containerApps meridian\n" in said
    assert "Azure no longer lists anything of meridian." in azure.said("destroy", CONFIRM="meridian")
    assert azure.fake.resources().keys() == {ZONE, CERTIFICATE, SHARED}


def test_the_double_supported_every_request(azure):
    failed = [each for each in azure.fake.requests() if each["status"] in (405, 421, 500)
        or "UnknownOperation" in each.get("response", "")]
    assert failed == []
