"""Google Cloud, through its REST APIs, with the credentials that Terraform uses."""

import json
import math
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse

from meridian import cost, rest
from meridian.checks import Tool
from meridian.cloud import Cloud
from meridian.console import Problem, number, run, say

# Signs in gcloud itself, and the application default credentials, which Terraform uses.
SIGN_IN = "gcloud auth login --update-adc"

ACCESS_TOKEN = "GOOGLE_OAUTH_ACCESS_TOKEN"

COMPUTE = "https://compute.googleapis.com/compute/v1/projects/{}"

# Google's error for a subnet in which Cloud Run still holds addresses.
LATE = re.compile(r"is already being used by '[^' ]*/addresses/serverless-")
# What may remain once everything except the network is destroyed.
HELD = re.compile(
    r"module\.network(\[0\])?\.google_compute_(sub)?network\.|google_project_service\.|terraform_data\.apis")


class Gcp(Cloud):
    title = "Google Cloud"
    tool = Tool("gcloud", ("gcloud", "version"), "Google Cloud SDK ", "450",
        "it signs in for Terraform and for the push of the image", "https://cloud.google.com/sdk/docs/install")
    deploys = (
        "6 to 10 minutes the first time, 2 of them to enable APIs. A service on a platform, with IMAGE, takes about 4. "
        "Later deployments take about 2. "
        "A new load balancer begins to answer 3 to 5 minutes after it is created."
    )
    destroys = "some 5 minutes, and an hour or two more until Cloud Run releases the subnets, which cost nothing."
    bootstraps = 3
    newest_ready = True
    forged = ("X-Client-Address",)
    store = "module.state.google_storage_bucket.this"
    # One permission for each thing that the modules do: https://cloud.google.com/iam/docs/permissions-reference
    permissions = (
        *("artifactregistry.repositories.create", "cloudscheduler.jobs.create", "compute.networks.create"),
        *("compute.globalForwardingRules.create", "compute.securityPolicies.create", "iam.serviceAccounts.create"),
        *("iam.serviceAccounts.actAs", "monitoring.alertPolicies.create", "run.services.create",
            "run.jobs.setIamPolicy"),
        *("serviceusage.services.enable", "storage.buckets.create", "storage.buckets.setIamPolicy"),
    )

    @property
    def environ(self):
        """The project, from the variables that Google's own tools read, so that one setting is enough for all."""
        for name in ("TF_VAR_project", "GOOGLE_CLOUD_PROJECT", "GOOGLE_PROJECT", "CLOUDSDK_CORE_PROJECT"):
            if os.environ.get(name):
                return {"TF_VAR_project": os.environ[name]}
        return {}

    def identity(self, stack):
        name = chosen(stack)
        try:
            found = ask(f"https://cloudresourcemanager.googleapis.com/v1/projects/{name}")
        except Refused as refused:
            if refused.off:
                raise Problem(
                    "Terraform cannot read the project: the Cloud Resource Manager API is off.",
                    "Once for each project: `gcloud services enable cloudresourcemanager.googleapis.com "
                    f"serviceusage.googleapis.com --project {name}`",
                ) from None
            if refused.status in (403, 404):
                raise Problem(
                    f'There is no project "{name}", or the login does not see it.',
                    "`gcloud projects list` lists those that the login sees; the variable project is the id, not the "
                    "name.",
                ) from None
            raise
        return f"project {found['projectId']}, number {found['projectNumber']}"

    def checks(self, stack, builds):
        sign_in = [login] if builds else []
        return [*sign_in, lambda: self.identity(stack), lambda: self.rights(stack), lambda: self.region(stack)]

    def rights(self, stack):
        name = chosen(stack)
        granted = ask(
            f"https://cloudresourcemanager.googleapis.com/v1/projects/{name}:testIamPermissions",
            {"permissions": self.permissions}
        ).get("permissions", [])
        lacking = [permission for permission in self.permissions if permission not in granted]
        if lacking:
            raise Problem(
                f"The login lacks {', '.join(lacking)} in the project {name}.",
                "Ask the project's owner to grant the missing roles. A virtual machine needs the role Owner. For "
                "everything else, see Rights in stacks/gcp/README.md.",
            )
        return "rights to create what the stack consists of"

    def region(self, stack):
        name = stack.variable("region")
        try:
            found = ask(f"{COMPUTE.format(chosen(stack))}/regions/{name}")
        except Refused as refused:
            if refused.off:
                return f"region {name}, not checked: the Compute Engine API is off, and the deployment enables it"
            if refused.status == 404:
                raise Problem(
                    f'Google Cloud has no region "{name}".',
                    "Set another region in the tfvars file: https://cloud.google.com/run/docs/locations"
                ) from None
            raise
        return f"region {name} with {len(found.get('zones', []))} zones"

    def destroy(self, stack, options):
        """Destroy, and retry while Cloud Run holds addresses in a subnet, for an hour or two after its service is
        deleted: https://cloud.google.com/run/docs/configuring/vpc-direct-vpc#delete-subnet
        """
        end = time.monotonic() + 60 * number("WAIT", options.wait, 150, 0, 10_000)
        pause = number("DESTROY_PAUSE", options.destroy_pause, 300, 0, 3600)
        while True:
            done = stack.terraform.destroy(*options.further, check=False, stderr=subprocess.PIPE)
            print(done.stderr, end="", file=sys.stderr, flush=True)
            if not done.returncode:
                return
            # Terraform puts a frame around its messages and wraps their lines.
            said = re.sub(r"[\s│]+", " ", done.stderr)
            still = stack.terraform.resources()
            if not LATE.search(said) or not still or not all(HELD.match(address) for address in still):
                raise Problem(f"terraform destroy in {stack.terraform.folder} failed; see its message above.",
                    stack.terraform.guide)
            if time.monotonic() + pause > end:
                raise Problem(
                    "All is gone but the network, which Cloud Run still holds on to; it costs nothing.",
                    "Repeat the command in an hour or two.",
                )
            say(
                "All is gone but the network, which Cloud Run holds on to, usually for an hour or two. "
                f"Trying again in {pause / 60:g} minutes.",
                "Ctrl-C does no harm: the network costs nothing. Run the same command later to remove it.",
            )
            time.sleep(pause)

    def expiring(self, stack):
        services = every(f"https://run.googleapis.com/v2/{located(stack.variable('region'), chosen(stack))}/services")
        labels = [each.get("labels", {}) for each in services]
        return {each["stack"]: each["expires"] for each in labels if each.get("expires") and each.get("stack")}

    def leftovers(self, stack):
        """Query each API for the stack's resources. Names must match in full: another environment's name may begin with
        this one's."""
        listings = self.listings(stack.name, chosen(stack), stack.variable("region"))
        return [f"{kind} {title}" for kind, url, names in listings for item in every(url)
            for title in [titled(item, names)] if title]

    def listings(self, name, place, region):
        """Kind of resource, URL of its list, and pattern for the names that the stack uses."""
        compute, monitoring = COMPUTE.format(place), f"https://monitoring.googleapis.com/v3/projects/{place}"
        certificates = f"https://certificatemanager.googleapis.com/v1/{located('global', place)}"
        buckets, here = f"https://storage.googleapis.com/storage/v1/b?project={place}", located(region, place)
        dashboards = monitoring.replace("/v3/", "/v1/")
        hashed = f"{name}-[0-9a-f]{{8}}"  # a hash of the domain or the backend
        return [
            ("forwarding rule", f"{compute}/global/forwardingRules", f"{name}-https?"),
            ("proxy", f"{compute}/global/targetHttpProxies", f"{name}-http"),
            ("proxy", f"{compute}/global/targetHttpsProxies", f"{name}-https"),
            ("URL map", f"{compute}/global/urlMaps", f"{name}(-redirect)?"),
            ("backend service", f"{compute}/global/backendServices", name),
            ("security policy", f"{compute}/global/securityPolicies", name),
            ("TLS policy", f"{compute}/global/sslPolicies", name),
            ("public address", f"{compute}/global/addresses", name),
            ("firewall rule", f"{compute}/global/firewalls", f"{name}-(deny|service|probe)-egress"),
            ("router with NAT", f"{compute}/regions/{region}/routers", name),
            ("subnet", f"{compute}/regions/{region}/subnetworks", f"{name}-(service|jobs)"),
            ("network", f"{compute}/global/networks", name),
            ("endpoint group", f"{compute}/regions/{region}/networkEndpointGroups", hashed),
            ("service", f"https://run.googleapis.com/v2/{here}/services", name),
            ("job", f"https://run.googleapis.com/v2/{here}/jobs", f"{name}-probe"),
            ("schedule", f"https://cloudscheduler.googleapis.com/v1/{here}/jobs", f"{name}-probe"),
            ("bucket", buckets, f"{place}-{name}-documents"),
            *shared(name, place, region, "(service|schedule)"),
            ("alert", f"{monitoring}/alertPolicies", f"{name} (errors|latency|cpu|memory|unreachable|probe)"),
            ("check", f"{monitoring}/uptimeCheckConfigs", f"{name} from outside"),
            ("channel", f"{monitoring}/notificationChannels", f"{name} alerts"),
            ("dashboard", f"{dashboards}/dashboards", name),
            ("certificate map", f"{certificates}/certificateMaps", name),
            ("certificate", f"{certificates}/certificates", hashed),
            ("proof of the domain", f"{certificates}/dnsAuthorizations", hashed),
        ]

    def by_token(self, stack, folder, identity):
        impersonation = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts"
        credentials = {
            "type": "external_account",
            "audience": f"//iam.googleapis.com/{os.environ['GCP_PROVIDER_CIRCLECI']}",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": "https://sts.googleapis.com/v1/token",
            "credential_source": {"file": str(folder / "token")},
            "service_account_impersonation_url": f"{impersonation}/{identity}:generateAccessToken",
        }
        file = folder / "google.json"
        file.write_text(json.dumps(credentials))
        named = dict.fromkeys(("GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE"), file)
        return {**named, "TF_VAR_project": os.environ["GCP_PROJECT"]}

    def conflict(self, stack, kind, values):
        project = chosen(stack)
        if kind == "google_artifact_registry_repository":
            path = f"projects/{project}/locations/{values['location']}/repositories/{values['repository_id']}"
            url, what = f"https://artifactregistry.googleapis.com/v1/{path}", f"repository {values['repository_id']}"
        elif kind == "google_service_account":
            email = f"{values['account_id']}@{project}.iam.gserviceaccount.com"
            path = f"projects/{project}/serviceAccounts/{email}"
            url, what = f"https://iam.googleapis.com/v1/{urllib.parse.quote(path)}", f"service account {email}"
        else:
            return None
        return (what, path) if existing(url) else None

    def found(self, stack, backend, planned):
        """Query the bucket without Terraform, whose init would write an empty state into it first."""
        bucket, prefix = (re.search(rf'{name}\s*=\s*"([^"]*)"', backend)[1] for name in ("bucket", "prefix"))
        storage = os.environ.get("GOOGLE_BACKEND_STORAGE_CUSTOM_ENDPOINT") or (
            "https://storage.googleapis.com/storage/v1/b")
        try:
            if not existing(f"{storage}/{bucket}"):
                return None
            state = existing(f"{storage}/{bucket}/o/{prefix}%2Fdefault.tfstate?alt=media") or {}
        except Refused as refused:
            return f"{refused.what} {refused.how}"
        return len(state.get("resources", []))

    def costs(self, use, own=True, shared=True):
        hours, gib = cost.HOURS, 1e9 / 2**30
        # The uptime check sends a request from six places each minute.
        requests = use.millions + 0.3
        if own:
            # Billed in steps of 100 ms. Requests arrive at random, and some overlap.
            busy = 1 - math.exp(-0.1 * use.rate / use.running) if use.running else 0
            seconds = use.running * cost.SECONDS
            yield (f"Instances of {use.cpu:g} vCPU and {use.gib:g} GiB", {"vcpu_active": seconds * busy * use.cpu,
                "vcpu_idle": seconds * (1 - busy) * use.cpu, "memory": seconds * use.gib})
            checks = seconds * 0.03 * (1 - busy) * use.cpu
            yield "Health checks, 3 every ten seconds, 100 ms each", {"vcpu_active": checks, "vcpu_idle": -checks}
            yield "Requests", {"requests": requests}
        data = use.gb(cost.EXCHANGE) * gib
        if shared:
            yield "Load balancer", {"balancer": hours, "balancer_data": data}
            rules = 7 if use.waf else 1
            yield f"Cloud Armor, rules: {rules}", {"armor": 1, "armor_rule": rules, "armor_requests": requests}
        else:
            yield "The service's share of the load balancer", {"balancer_data": data}
        if use.nat == "single":
            # Google bills Cloud NAT for each instance, the probe's included, up to 32, and one address.
            yield ("Cloud NAT with its address, for the instances and the probe" if own and shared
                else "Cloud NAT for the instances and the probe" if own else "Cloud NAT's address",
                {**({"nat": min(32, use.running + (use.probe is not None)) * hours} if own else {}),
                    **({"address": hours} if shared else {})})
        if own and use.probe and use.nat == "single":
            yield (f"Probe, a minute every {use.probe['every_minutes']} minutes",
                {"job_vcpu": use.runs * 60, "job_memory": use.runs * 60 * 0.5})
            yield "Schedule of the probe", {"schedule": 1}
        if own:
            yield "Alerts, 6 conditions", {"alert": 6, "alert_series": 6 * hours * 60 / 1e6}
            # Cloud Run's own record of a request, and the record that holds the service's log line.
            logs = (0.6 + use.gb(1150 + (use.line and use.line + 800))) * gib
            yield "Logs: 0.6 GB and the records of requests", {"logs": logs, "logs_kept": use.kept(logs, 30)}
        if shared:
            yield "Flow logs", {"logs": (0.1 + use.gb(cost.FLOW)) * gib}
        yield from cost.stored(use, own, shared)
        if own:
            yield "Traffic out", {"traffic": use.gb(cost.RESPONSE) * gib}


class GcpMachine(Gcp):
    deploys = (
        "6 to 9 minutes the first time (image 2, APIs 2, machine until healthy 3), later about 5, "
        "since the new machine must answer first."
    )
    destroys = "3 to 5 minutes."
    machine = True
    permissions = (
        *("artifactregistry.repositories.create", "artifactregistry.repositories.setIamPolicy",
            "compute.firewalls.create"),
        *("compute.forwardingRules.create", "compute.instanceGroupManagers.create", "compute.networks.create"),
        *("iam.serviceAccounts.actAs", "iam.serviceAccounts.create", "resourcemanager.projects.setIamPolicy"),
        "serviceusage.services.enable",
    )

    def destroy(self, stack, options):
        Cloud.destroy(self, stack, options)

    def listings(self, name, place, region):
        compute, labelled = COMPUTE.format(place), f"stack={name}"
        regional = f"{compute}/regions/{region}"
        rules = "http|https|icmp|ssh|inside-tcp|inside-udp|everything-out"
        zones = [each["name"] for each in every(f"{compute}/zones") if each["name"].startswith(f"{region}-")]
        return [
            ("forwarding rule", f"{regional}/forwardingRules", name),
            ("backend service", f"{regional}/backendServices", name),
            ("group", f"{regional}/instanceGroupManagers", name),
            ("health check", f"{regional}/healthChecks", f"{name}-serving"),
            ("health check", f"{compute}/global/healthChecks", f"{name}-healing"),
            ("public address", f"{regional}/addresses", name),
            ("firewall rule", f"{compute}/global/firewalls", f"{name}-({rules})"),
            ("subnet", f"{regional}/subnetworks", name),
            ("network", f"{compute}/global/networks", name),
            # Google adds a suffix to the names of templates and machines, so they are matched by label.
            ("template", f"{regional}/instanceTemplates", labelled),
            *(("machine", f"{compute}/zones/{zone}/instances?filter=labels.stack%3D{name}", labelled)
                for zone in zones),
            *shared(name, place, region, "machine"),
        ]

    def costs(self, use):
        # The load balancer's own address is free.
        return cost.machine(use, "balancer_data", use.machines, 10, ("Images", {"images": 0.1}))


def located(region, place):
    return f"projects/{place}/locations/{region}"


def shared(name, place, region, roles):
    """Listings that services and machines have in common."""
    repositories = f"https://artifactregistry.googleapis.com/v1/{located(region, place)}/repositories"
    accounts = f"https://iam.googleapis.com/v1/projects/{place}/serviceAccounts"
    return ("repository", repositories, name), ("service account", accounts, f"{name}-{roles}@.*")


def titled(item, names):
    """Name of an item whose name, display name or label matches the stack; None for any other."""
    if re.fullmatch(names, item.get("displayName", "")):
        return item["displayName"]
    labels = item.get("properties", item).get("labels", {})  # a template has those of its machines
    own = item["name"].split("/")[-1], f"stack={labels.get('stack')}"
    return item["name"] if any(re.fullmatch(names, each) for each in own) else None


def login():
    """Check gcloud's own login, which pushes the image; Terraform uses the application default credentials."""
    if not os.environ.get(ACCESS_TOKEN):
        gcloud_token("print-access-token")
    return "login for the registry"


def token():
    """Access token, found as Terraform finds it: the environment, then the application default credentials."""
    return os.environ.get(ACCESS_TOKEN) or gcloud_token("application-default", "print-access-token")


def gcloud_token(*arguments):
    done = run("gcloud", "auth", *arguments, check=False)
    if done.returncode:
        message = done.stderr.strip()
        expired = re.search(r"reauth|expired|invalid_grant|refreshing", message, re.I)
        key = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
        if key and arguments[0] == "application-default":
            absent = "" if pathlib.Path(key).exists() else ", which does not exist"
            how = f"It takes precedence over any login: `unset` it, or correct it. gcloud says: {message}"
            raise Problem(f"GOOGLE_APPLICATION_CREDENTIALS names {key}{absent}.", how)
        what = "The login to Google Cloud has expired." if expired else "Nobody is logged in to Google Cloud."
        raise Problem(what, f"`{SIGN_IN}`. In a pipeline, put the login step before this one.")
    return done.stdout.strip()


class Refused(Problem):
    """A request that Google refused, with its HTTP status, and whether the API is disabled."""

    def __init__(self, what, how, status, off=False):
        super().__init__(what, how)
        self.status = status
        self.off = off
        # A disabled API has no resources yet; the apply enables it.
        self.absent = off or status == 404


def ask(url, body=None):
    """Parsed response of one of Google's APIs; raises Refused if it refuses the request."""
    try:
        return rest.ask(url, token(), body)
    except urllib.error.HTTPError as error:
        raise refusal(url, error.code, error.read().decode(errors="replace")) from None
    except OSError as error:
        raise Problem(
            "Google Cloud cannot be reached.",
            f"Is this machine online? Does HTTPS_PROXY name the proxy, if one is needed? {error}",
        ) from None


def refusal(url, status, text):
    host = urllib.parse.urlsplit(url).hostname
    if status == 401:
        own = "GOOGLE_OAUTH_ACCESS_TOKEN is set and takes precedence: `unset` it, or get a new one."
        return Refused("Google does not accept the login.",
            own if os.environ.get(ACCESS_TOKEN) else f"Log in again: `{SIGN_IN}`.", status)
    try:
        error = json.loads(text)["error"]
        message = error["message"]
        reasons = {each.get("reason") for each in (*error.get("details", ()), *error.get("errors", ()))}
    except (ValueError, KeyError, TypeError):
        message, reasons = text.strip(), set()
    if status == 403 and reasons & {"SERVICE_DISABLED", "accessNotConfigured"}:
        return Refused(f"{host} is not enabled in the project.", f"`gcloud services enable {host}`", status, off=True)
    return Refused(f"{host} answered {status}.", message, status)


def every(url):
    """Items on all pages of a list, under whatever key; none if the API is disabled or the region does not exist."""
    items, page = [], ""
    while True:
        response = existing(f"{url}{'&' if '?' in url else '?'}pageToken={page}" if page else url) or {}
        items += [item for value in response.values() if isinstance(value, list)
            for item in value if isinstance(item, dict)]
        page = response.get("nextPageToken")
        if not page:
            return items


def chosen(stack):
    name = stack.variable("project")
    if not name:
        raise Problem(
            "No project is chosen.",
            f"Set project in stacks/{stack.place}/terraform.tfvars, or TF_VAR_project; `gcloud projects list` lists "
            "the projects that you see.",
        )
    return name


def existing(url):
    """Parsed response; None if the resource does not exist or its API is disabled."""
    try:
        return ask(url)
    except Refused as refused:
        if refused.absent:
            return None
        raise
