"""The Google Cloud stack on a double of Google's APIs: tests/doubles/clouds/Google.java."""

import json
import subprocess

from doubles.fake_cloud import FakeCloud
from support.machine import clean
from support.rehearsal import Rehearsal, copied, timed

PROJECT = "test-project"
PLACE = f"projects/{PROJECT}/locations/us-central1"
SERVICE = f"{PLACE}/services/meridian"
JOB = f"{PLACE}/jobs/meridian-probe"
COMPUTE = f"projects/{PROJECT}/global"
A, B, C, D = (f"us-central1-docker.pkg.dev/{PROJECT}/meridian/meridian@sha256:{letter * 64}" for letter in "abcd")

GCLOUD = """#!/usr/bin/env bash
[[ -z ${GCLOUD_WARNS:-} ]] || echo "$GCLOUD_WARNS" >&2
case "$1 $2" in
  "version ") echo "Google Cloud SDK ${GCLOUD_VERSION:-548.0.0}" ;;
  "auth print-access-token" | "auth application-default")
    if [[ -n ${GCLOUD_SAYS:-} ]]; then echo "$GCLOUD_SAYS" >&2; exit 1; fi
    echo a-token ;;
  "run services") # list, by name
    while (($#)); do
      case "$1" in --project) project=$2 ;; --region) region=$2 ;; --filter) name=${2#metadata.name=} ;; esac
      shift
    done
    code=$(curl --silent --output /dev/null --write-out '%{http_code}' --header 'Authorization: Bearer x' \
      "https://run.googleapis.com/v2/projects/$project/locations/$region/services/$name")
    case "$code" in 200) echo "$name" ;; 404) ;; *) exit 1 ;; esac ;;
  *) exit 64 ;;
esac
"""
# Resources that the stack creates by default, by type.
COUNTS = {
    "google_artifact_registry_repository": 1,
    "google_cloud_run_v2_job": 1,
    "google_cloud_run_v2_job_iam_member": 1,
    "google_cloud_run_v2_service": 1,
    "google_cloud_scheduler_job": 1,
    "google_compute_backend_service": 1,
    "google_compute_firewall": 3,
    "google_compute_global_address": 1,
    "google_compute_global_forwarding_rule": 1,
    "google_compute_network": 1,
    "google_compute_region_network_endpoint_group": 1,
    "google_compute_router": 1,
    "google_compute_router_nat": 1,
    "google_compute_security_policy": 1,
    "google_compute_subnetwork": 2,
    "google_compute_target_http_proxy": 1,
    "google_compute_url_map": 1,
    "google_monitoring_alert_policy": 6,
    "google_monitoring_dashboard": 1,
    "google_monitoring_uptime_check_config": 1,
    "google_project_service": 8,
    "google_service_account": 2,
    "google_storage_bucket": 1,
    "google_storage_bucket_iam_member": 1,
    "google_storage_bucket_object": 1,
    "terraform_data": 1,
}


def gcloud(folder):
    """Folder with a fake gcloud that can sign in."""
    tool = folder / "bin/gcloud"
    tool.parent.mkdir()
    tool.write_text(GCLOUD)
    tool.chmod(0o755)
    return tool.parent


def environment(**more):
    """Our environment, without what would select another state, project or account."""
    return {
        **clean(),
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
        "TF_VAR_project": PROJECT,
        "GOOGLE_OAUTH_ACCESS_TOKEN": "x",
        # The double enables APIs at once.
        "GOOGLE_APIS_WAIT": "0",
        **more,
    }


def plan_alone(folder):
    """Plan a new stack without a network. Return the plan as JSON, and its seconds of wall and CPU time."""
    stack = copied("gcp", folder)
    # A proxy that does not exist, so that nothing is reachable.
    cut_off = environment(HTTPS_PROXY="http://127.0.0.1:9", https_proxy="http://127.0.0.1:9", NO_PROXY="", no_proxy="")

    def terraform(*arguments):
        return subprocess.run(
            ["terraform", f"-chdir={stack}", *arguments], env=cut_off, check=True, text=True, stdout=subprocess.PIPE
        ).stdout

    terraform("init", "-input=false")
    _, *seconds = timed(lambda: terraform("plan", "-input=false", "-out=plan", f"-var=image={A}"))
    return json.loads(terraform("show", "-json", "plan")), seconds


class Gcp(Rehearsal):
    """The stack, and the double of Google Cloud that it is applied to."""

    def __init__(self, folder):
        fake = FakeCloud("Google", folder, ["*.googleapis.com"])
        super().__init__("gcp", folder, fake, environment(**fake.environment), A)

    def service(self, path=SERVICE):
        return self.get("run", f"v2/{path}")

    def get(self, api, path):
        status, response = self.ask("GET", api, path)
        assert status == 200, response
        return response

    def ask(self, method, api, path, body=None):
        return self.fake.ask(method, f"https://{api}.googleapis.com/{path}", body)

    def latest(self, path=SERVICE):
        return self.service(path)["latestReadyRevision"].split("/")[-1]

    def weights(self, path=SERVICE):
        """Revision to percent, as Cloud Run stores it."""
        weights, service = {}, self.service(path)
        latest = service["latestReadyRevision"].split("/")[-1]
        for target in service["traffic"]:
            name = latest if target["type"].endswith("LATEST") else target["revision"]
            weights[name] = weights.get(name, 0) + target["percent"]
        return weights

    def serving(self, path=SERVICE):
        """Image to percent. Revisions are listed after the weights, so none is missing; two may have the same image."""
        shares, weights = {}, self.weights(path)
        revisions = {each["name"].split("/")[-1]: each
            for each in self.get("run", f"v2/{path}/revisions")["revisions"]}
        for name, percent in weights.items():
            image = revisions[name]["containers"][0]["image"]
            shares[image] = shares.get(image, 0) + percent
        return shares
