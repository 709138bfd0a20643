"""The Google Cloud stack with the real provider, on a double of Google's APIs: tests/doubles/clouds/Google.java.

The tests build on each other, from the first apply to the destroy.
"""

import json
import os

import pytest
from support.gcp_world import COMPUTE, COUNTS, JOB, PROJECT, SERVICE, A, B, C, D, Gcp, gcloud, plan_alone
from support.machine import ROOT
from support.rehearsal import by_type, changed, fair


pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "google", "jdk")]

SERVICE_ADDRESS = "module.service.google_cloud_run_v2_service.this"
JOB_ADDRESS = "module.probe[0].google_cloud_run_v2_job.this"
UPDATE = ["update"]


@pytest.fixture(scope="module")
def gcp(tmp_path_factory):
    rehearsal = Gcp(tmp_path_factory.mktemp("gcp"))
    yield rehearsal
    rehearsal.fake.stop()


def test_a_full_plan_takes_less_than_15_seconds_and_needs_no_network(tmp_path):
    plan, seconds = plan_alone(tmp_path)
    assert fair(*seconds) < 15, seconds
    changes = changed(plan)
    assert set(map(tuple, changes.values())) == {("create",)}
    assert by_type(changes) == COUNTS
    planned = {each["address"]: each["change"]["after"] for each in plan["resource_changes"]}
    roles = {address: each["role"] for address, each in planned.items() if "iam_member" in address}
    assert roles == {
        "module.documents[0].google_storage_bucket_iam_member.read": "roles/storage.objectViewer",
        "module.probe[0].google_cloud_run_v2_job_iam_member.schedule": "roles/run.invoker",
    }
    # The load balancer writes the header that the service reads.
    [header] = planned["module.edge[0].google_compute_url_map.this"]["header_action"][0]["request_headers_to_add"]
    variables = {each["name"]: each["value"]
        for each in planned[SERVICE_ADDRESS]["template"][0]["containers"][0]["env"]}
    assert header == {
        "header_name": variables["MERIDIAN_CLIENT_ADDRESS"].removeprefix("header:"),
        "header_value": "{client_ip_address}",
        "replace": True,
    }


def test_one_apply_creates_everything_and_a_second_plan_is_empty(gcp):
    gcp.set(image=A)
    assert by_type(gcp.apply()) == COUNTS
    assert gcp.settled()
    outputs = gcp.outputs()
    assert outputs["image"] == A and "canary" not in outputs
    assert outputs["url"] == f"http://{gcp.get('compute', f'compute/v1/{COMPUTE}/addresses/meridian')['address']}"
    assert outputs["revision"] == gcp.latest()
    assert gcp.serving() == {A: 100}
    refused = [each for each in gcp.fake.requests() if each["status"] == 403]
    assert refused == []


def test_a_stack_from_before_platforms_is_not_changed(gcp):
    """Addresses had no index or key then."""
    file = gcp.stack / "terraform.tfstate"
    state = json.loads(file.read_text())
    counted = {"terraform_data.apis", "module.service.google_compute_firewall.egress",
        "module.probe[0].google_compute_firewall.egress"}
    for each in state["resources"]:
        address = f"{each.get('module', '')}.{each['type']}.{each['name']}".lstrip(".")
        if address in counted or each["type"].endswith(("_backend_service", "_endpoint_group")):
            del each["instances"][0]["index_key"]
        if "module" in each and each["module"] != "module.probe[0]":
            each["module"] = each["module"].replace("[0]", "")
    file.write_text(json.dumps({**state, "serial": state["serial"] + 1}))
    plan = gcp.plan()
    assert changed(plan) == {}
    assert {tuple(each["actions"]) for each in plan["output_changes"].values()} == {("no-op",)}
    gcp.terraform("apply", "-input=false", "plan")
    assert gcp.settled()


def test_the_service_is_reachable_through_the_load_balancer_only(gcp):
    def compute(link):
        return gcp.get("compute", "compute/v1/" + link.split("/compute/v1/")[-1])

    rule = compute(f"{COMPUTE}/forwardingRules/meridian-http")
    assert rule["portRange"] == "80-80"
    group = compute(compute(compute(compute(rule["target"])["urlMap"])["defaultService"])["backends"][0]["group"])
    assert group["cloudRun"] == {"service": "meridian"} and group["networkEndpointType"] == "SERVERLESS"
    service = gcp.service()
    assert service["ingress"] == "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER" and service["defaultUriDisabled"] is True
    assert service["urls"] == []
    assert service["template"]["vpcAccess"]["egress"] == "ALL_TRAFFIC"
    assert service["scaling"]["minInstanceCount"] == 2
    assert "minInstanceCount" not in service["template"].get("scaling", {})


def test_the_documents_are_in_the_store(gcp):
    bucket = f"storage/v1/b/{PROJECT}-meridian-documents"
    [document] = gcp.get("storage", f"{bucket}/o")["items"]
    assert document["name"] == "foo.json" and document["size"] == str((ROOT / "app/documents/foo.json").stat().st_size)
    assert gcp.ask("DELETE", "storage", bucket)[0] == 409
    assert gcp.get("storage", bucket)["iamConfiguration"]["publicAccessPrevention"] == "enforced"
    assert gcp.get("storage", f"{bucket}/iam")["bindings"] == [
        {"role": "roles/storage.objectViewer",
            "members": [f"serviceAccount:meridian-service@{PROJECT}.iam.gserviceaccount.com"]}
    ]


def test_alerts_name_existing_resources(gcp):
    names = {each.split("/")[-1] for each in gcp.fake.resources()}
    for policy in gcp.get("monitoring", f"v3/projects/{PROJECT}/alertPolicies")["alertPolicies"]:
        text = json.dumps(policy["conditions"]).replace('\\"', '"')
        for label in ("url_map_name", "service_name", "job_name", "check_id"):
            for part in text.split(f'{label}="')[1:]:
                assert part.split('"')[0] in names, policy


def test_a_new_image_changes_the_service_and_the_probe_and_nothing_else(gcp):
    gcp.set(image=B)
    assert gcp.apply() == {SERVICE_ADDRESS: UPDATE, JOB_ADDRESS: UPDATE}
    assert gcp.serving() == {B: 100}
    assert gcp.outputs()["revision"] == gcp.latest()
    assert gcp.settled()


def test_a_canary_gets_a_tenth(gcp):
    stable = gcp.outputs()["revision"]
    gcp.set(canary={"image": C, "percent": 10, "stable": stable})
    assert gcp.apply() == {SERVICE_ADDRESS: UPDATE}
    assert gcp.weights() == {stable: 90, gcp.latest(): 10}
    assert gcp.serving() == {B: 90, C: 10}
    assert gcp.outputs()["revision"] == stable and gcp.outputs()["canary"]["image"] == C
    assert gcp.settled()


def test_a_promoted_canary_is_the_revision_that_was_tried(gcp):
    tried = gcp.latest()
    gcp.set(image=C, canary=None)
    assert gcp.apply() == {SERVICE_ADDRESS: UPDATE, JOB_ADDRESS: UPDATE}
    assert gcp.weights() == {tried: 100}
    assert gcp.outputs()["revision"] == tried
    assert gcp.settled()


def withdraw(gcp):
    """Withdraw in the canary's three steps: no share, a revision of the stable image, all requests to that one."""
    gcp.set(canary={**gcp.canary, "percent": 0})
    assert gcp.apply() == {SERVICE_ADDRESS: UPDATE}
    assert gcp.weights() == {gcp.canary["stable"]: 100}
    assert gcp.outputs()["revision"] == gcp.canary["stable"]
    assert gcp.settled()
    gcp.set(canary={**gcp.canary, "image": gcp.image})
    assert gcp.apply() == {SERVICE_ADDRESS: UPDATE}
    gcp.set(canary=None)
    assert gcp.apply() == {SERVICE_ADDRESS: UPDATE}
    assert gcp.serving() == {gcp.image: 100}
    assert gcp.settled()


def test_a_withdrawal_never_gives_the_canary_more_than_its_share(gcp):
    stable = gcp.outputs()["revision"]
    gcp.set(canary={"image": D, "percent": 10, "stable": stable})
    gcp.apply()
    begun = len(gcp.fake.order("history"))
    gcp.fake.order("late-revisions", requests=2)
    before = gcp.service()
    # In one step the canary would get every request until a revision of the stable image, or of another, is ready.
    running = gcp.canary
    for image in (C, B):
        gcp.set(canary=None, image=image)
        said = gcp.refused_at_plan()
        assert "A canary is in progress" in said and "./taskw canary-gcp WITHDRAW=1" in said, said
    assert gcp.service() == before
    gcp.set(canary=running, image=C)
    withdraw(gcp)
    gcp.fake.order("late-revisions", requests=0)
    assert gcp.fake.order("history")[begun - 1 :] == [{C: 90, D: 10}, {C: 100}]


def test_a_new_image_serves_once_it_is_ready(gcp):
    begun = len(gcp.fake.order("history"))
    gcp.fake.order("late-revisions", requests=2)
    for image in (D, C):
        gcp.set(image=image)
        gcp.apply()
        assert gcp.outputs()["revision"] == gcp.latest()
    gcp.fake.order("late-revisions", requests=0)
    assert gcp.fake.order("history")[begun - 1 :] == [{C: 100}, {D: 100}, {C: 100}]


def test_the_first_image_comes_back_as_a_new_revision(gcp):
    before = {each["name"] for each in gcp.get("run", f"v2/{SERVICE}/revisions")["revisions"]}
    gcp.set(image=A, canary=None)
    assert gcp.apply() == {SERVICE_ADDRESS: UPDATE, JOB_ADDRESS: UPDATE}
    assert gcp.serving() == {A: 100}
    assert gcp.service()["latestReadyRevision"] not in before
    assert gcp.outputs()["revision"] == gcp.latest()
    assert gcp.settled()


def test_a_setting_may_change_during_a_canary_and_change_back(gcp):
    stable = gcp.outputs()["revision"]
    gcp.set(canary={"image": B, "percent": 10, "stable": stable})
    gcp.apply()
    for settings in ({"MERIDIAN_GREETING": "Hello"}, {}):
        gcp.set(settings=settings)
        assert gcp.apply() == {SERVICE_ADDRESS: UPDATE}
        assert gcp.weights() == {stable: 90, gcp.latest(): 10}
        assert gcp.serving() == {A: 90, B: 10}
    assert gcp.settled()
    withdraw(gcp)


def test_a_canary_beside_a_missing_revision_changes_nothing(gcp):
    before = gcp.service()
    gcp.set(canary={"image": B, "percent": 10, "stable": "meridian-99999-zzz"})
    assert "Revision 'meridian-99999-zzz' does not exist" in gcp.refused()
    assert gcp.service() == before
    gcp.set(canary=None)
    gcp.apply()
    assert gcp.settled()


def test_a_revision_that_fails_to_start_fails_the_apply_and_is_reported_until_one_starts(gcp):
    gcp.fake.order("fail-next-revision")
    gcp.set(image=D)
    assert "is not ready and cannot serve traffic" in gcp.refused()
    # Without this check a second plan would have nothing to change and look fine.
    said = " ".join(gcp.refused_at_plan().replace("│", " ").split())
    assert "is not ready, so the previous one still serves. The service's log says why" in said
    assert gcp.serving() == {A: 100}
    job = gcp.get("run", f"v2/{JOB}")["template"]["template"]["containers"][0]["image"]
    assert (gcp.outputs()["image"], job) == (A, A)
    gcp.set(image=B)
    gcp.apply()
    assert gcp.serving() == {B: 100} and gcp.outputs()["image"] == B
    assert gcp.settled()


def test_leftovers_are_found_without_the_state(gcp):
    """With the state out of sight, destroy asks Google and lists all that has the stack's name."""
    gcp.terraform("workspace", "new", "blank")
    (gcp.stack / "blank.tfvars").write_text('name = "meridian-blank"\n')
    gcp.terraform("workspace", "select", "default")
    assert "no longer lists anything of meridian-blank" in gcp.said("destroy", ENV="blank", CONFIRM="meridian-blank")
    state = gcp.stack / "terraform.tfstate"
    hidden = state.rename(gcp.folder / "state")
    said = gcp.said("destroy", CONFIRM="meridian", code=1)
    hidden.rename(state)
    # Resources without a name of their own are part of another: NAT of its router, rights, documents.
    named = {kind: count for kind, count in COUNTS.items() if kind not in UNNAMED}
    assert f"Resources of meridian that remain ({sum(named.values())}):" in said, said


UNNAMED = {
    "google_cloud_run_v2_job_iam_member",
    "google_compute_router_nat",
    "google_project_service",
    "google_storage_bucket_iam_member",
    "google_storage_bucket_object",
    "terraform_data",
}


def test_a_destroy_waits_for_addresses_that_cloud_run_holds_and_leaves_nothing(gcp):
    gcp.fake.order("hold-addresses")
    process = gcp.script("destroy", CONFIRM="meridian", DESTROY_PAUSE="1")
    said = []
    for line in process.stdout:
        said.append(line)
        if "holds on to, usually for an hour or two" in line:
            gcp.fake.order("release-addresses")
    assert process.wait() == 0, "".join(said)
    assert "is already being used by" in "".join(said)
    assert said[-1].endswith("Google Cloud no longer lists anything of meridian.\n")
    assert gcp.fake.resources() == {}


def test_options_of_a_running_stack_can_be_turned_on_and_off(gcp):
    """Domain, firewall and alerts: in one apply each, with the certificate, the records and the redirect."""
    gcp.set(image=A)

    def apply(*more):
        gcp.terraform("apply", "-auto-approve", "-input=false", "-parallelism=20", *more)
        assert gcp.settled(*more)

    def kinds():
        return {path.split("/")[-2] for path in gcp.fake.resources()}

    apply()
    plain = kinds()
    others = ["-var=waf=true", "-var=invoker=all_users", "-var=email=ops@example.com"]
    for domain in ("time.example.com", "clock.example.com"):
        apply(*others, f'-var=domain={{"name":"{domain}","zone":"example-com"}}')
        assert gcp.outputs()["url"] == f"https://{domain}"
        proxy = gcp.get("compute", f"compute/v1/{COMPUTE}/targetHttpProxies/meridian-http")
        redirect = gcp.get("compute", "compute/v1/" + proxy["urlMap"].split("/compute/v1/")[-1])
        assert redirect["defaultUrlRedirect"]["hostRedirect"] == domain
    assert len(gcp.get("compute", f"compute/v1/{COMPUTE}/securityPolicies/meridian")["rules"]) == 8
    assert kinds() - plain >= {"certificates", "certificateMaps", "dnsAuthorizations", "notificationChannels",
        "sslPolicies", "targetHttpsProxies"}
    apply()
    assert kinds() == plain and gcp.outputs()["url"].startswith("http://")
    assert len(gcp.get("compute", f"compute/v1/{COMPUTE}/securityPolicies/meridian")["rules"]) == 2
    assert not any("notificationChannels" in each
        for each in gcp.get("monitoring", f"v3/projects/{PROJECT}/alertPolicies")["alertPolicies"])
    apply(*others, '-var=domain={"name":"time.example.com","zone":"example-com"}')
    gcp.said("destroy", *others, CONFIRM="meridian")
    assert gcp.fake.resources() == {}


def test_deploy_keeps_a_supplied_image(gcp):
    (gcp.stack / "rehearsal.auto.tfvars.json").unlink()
    path = f"{gcloud(gcp.folder)}:{os.environ['PATH']}"
    for more in ({"IMAGE": B}, {}):
        said = gcp.said("deploy", PATH=path, **more)
        assert f"Serves at {gcp.outputs()['url']}" in said and "Next: ./taskw verify-gcp" in said
        assert gcp.serving() == {B: 100}
    assert f"Keeping the image that was supplied: {B}" in said and "Resources: 0 added, 0 changed, 0 destroyed" in said


def test_without_waiting_the_network_remains_for_a_later_destroy(gcp):
    gcp.fake.order("hold-addresses")
    assert "All is gone but the network" in gcp.said("destroy", CONFIRM="meridian", WAIT="0", code=1)
    gcp.fake.order("release-addresses")
    gcp.said("destroy", CONFIRM="meridian", WAIT="0")
    assert gcp.fake.resources() == {}


def test_a_destroy_that_fails_for_another_reason_reports_it_at_once(gcp):
    gcp.terraform("apply", "-auto-approve", "-input=false", "-target=module.network", f"-var=image={A}")
    rule = {"name": "by-hand", "network": f"{COMPUTE}/networks/meridian"}
    assert gcp.ask("POST", "compute", f"compute/v1/{COMPUTE}/firewalls", rule)[0] == 200
    said = gcp.said("destroy", CONFIRM="meridian", code=1)
    assert "firewalls/by-hand" in said and "Cloud Run still holds on to" not in said, said
    assert gcp.ask("DELETE", "compute", f"compute/v1/{COMPUTE}/firewalls/by-hand")[0] == 200
    gcp.said("destroy", CONFIRM="meridian")
    assert gcp.fake.resources() == {}
