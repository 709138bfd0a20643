"""Google Cloud: the project by its REST interfaces, signed in as Terraform is."""

import json
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request

from meridian.checks import Tool
from meridian.console import Problem, run, say

TITLE = "Google Cloud"
TOOLS = (
    Tool(
        "gcloud",
        ("gcloud", "version"),
        "450",
        "it signs in for Terraform and for the push of the image",
        "https://cloud.google.com/sdk/docs/install",
    ),
)
MINUTES = {
    "deploy": "6 to 10 minutes the first time (image 2, interfaces 2, service 2), later some 2. A new load balancer answers 3 to 5 minutes after it was made.",
    "destroy": "some 5 minutes, and an hour or two more until Cloud Run lets go of the subnets, which cost nothing.",
}
CLOSED = (22, 8080, 8081)
FORGED = ("X-Client-Address",)

# Where Google's own tools look, so that one setting does for all.
PROJECT = next(
    (
        os.environ[name]
        for name in ("TF_VAR_project", "GOOGLE_CLOUD_PROJECT", "GOOGLE_PROJECT", "CLOUDSDK_CORE_PROJECT")
        if os.environ.get(name)
    ),
    None,
)
ENVIRONMENT = {"TF_VAR_project": PROJECT} if PROJECT else {}

# Both at once: gcloud itself, and the application default credentials that Terraform takes.
SIGN_IN = "gcloud auth login --update-adc"

# What the modules do, a permission for each of them: https://cloud.google.com/iam/docs/permissions-reference
PERMISSIONS = (
    "artifactregistry.repositories.create",
    "cloudscheduler.jobs.create",
    "compute.networks.create",
    "compute.globalForwardingRules.create",
    "compute.securityPolicies.create",
    "iam.serviceAccounts.create",
    "iam.serviceAccounts.actAs",
    "monitoring.alertPolicies.create",
    "run.services.create",
    "run.jobs.setIamPolicy",
    "serviceusage.services.enable",
    "storage.buckets.create",
    "storage.buckets.setIamPolicy",
)


def checks(stack):
    if not os.environ.get("IMAGE"):
        yield "login", login
    yield "project", lambda: project(stack)
    yield "rights", lambda: rights(stack)
    yield "region", lambda: region(stack)


def login():
    """The push of the image signs in as gcloud itself is, Terraform by the application default."""
    if not os.environ.get("GOOGLE_OAUTH_ACCESS_TOKEN"):
        gcloud_token("print-access-token")
    return "login for the registry"


def token():
    """As Terraform finds it: the environment, then the application default credentials."""
    return os.environ.get("GOOGLE_OAUTH_ACCESS_TOKEN") or gcloud_token("application-default", "print-access-token")


def gcloud_token(*arguments):
    done = run("gcloud", "auth", *arguments, check=False)
    if done.returncode:
        message = done.stderr.strip()
        expired = re.search(r"reauth|expired|invalid_grant|refreshing", message, re.I)
        raise Problem(
            "The login to Google Cloud has expired." if expired else "Nobody is logged in to Google Cloud.",
            f"`{SIGN_IN}`. In a pipeline the login step comes before this one.",
        )
    return done.stdout.strip()


class Refused(Problem):
    """What Google refused, with the status and the reason that it gave."""

    def __init__(self, what, how, status, reason):
        super().__init__(what, how)
        self.status = status
        self.reason = reason


def ask(url, body=None):
    """Answer of one of Google's interfaces, parsed; what it refuses becomes a Refused."""
    request = urllib.request.Request(
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token()}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise refusal(url, error.code, error.read().decode(errors="replace")) from None
    except OSError as error:
        raise Problem(
            "Google Cloud cannot be reached.",
            f"Is this machine online, and is a proxy set in HTTPS_PROXY where one is needed? {error}",
        ) from None


def refusal(url, status, text):
    try:
        error = json.loads(text)["error"]
        message = error["message"]
        reasons = [each.get("reason") for each in (*error.get("details", ()), *error.get("errors", ()))]
    except (ValueError, KeyError, TypeError):
        message, reasons = text.strip(), []
    host = urllib.parse.urlsplit(url).hostname
    if status == 401:
        return Refused("Google does not accept the login.", f"Log in again: `{SIGN_IN}`.", status, None)
    if status == 403 and any(reason in ("SERVICE_DISABLED", "accessNotConfigured") for reason in reasons):
        return Refused(f"{host} is not turned on in the project.", f"`gcloud services enable {host}`", status, "SERVICE_DISABLED")
    return Refused(f"{host} answered {status}.", message, status, next(iter(reasons), None))


def every(url, key):
    """All pages of a list; an interface that is off has nothing, and neither has a region that is not there."""
    items, page = [], ""
    while True:
        try:
            answer = ask(f"{url}{'&' if '?' in url else '?'}pageToken={page}" if page else url)
        except Refused as refused:
            if refused.reason == "SERVICE_DISABLED" or refused.status == 404:
                return items
            raise
        items += answer.get(key, [])
        page = answer.get("nextPageToken")
        if not page:
            return items


def chosen(stack):
    name = stack.variable("project", PROJECT)
    if not name:
        raise Problem(
            "No project is chosen.",
            "Set project in terraform.tfvars, or TF_VAR_project; `gcloud projects list` lists those that you see.",
        )
    return name


def project(stack):
    name = chosen(stack)
    try:
        found = ask(f"https://cloudresourcemanager.googleapis.com/v1/projects/{name}")
    except Refused as refused:
        if refused.reason == "SERVICE_DISABLED":
            raise Problem(
                "Terraform cannot look at the project: its first interface is off.",
                f"Once for each project: `gcloud services enable cloudresourcemanager.googleapis.com serviceusage.googleapis.com --project {name}`",
            ) from None
        if refused.status in (403, 404):
            raise Problem(
                f'There is no project "{name}", or the login does not see it.',
                "`gcloud projects list` lists those that it sees; project is the id, not the name.",
            ) from None
        raise
    return f"project {found['projectId']}, number {found['projectNumber']}"


def rights(stack, permissions=PERMISSIONS):
    name = chosen(stack)
    granted = ask(
        f"https://cloudresourcemanager.googleapis.com/v1/projects/{name}:testIamPermissions", {"permissions": permissions}
    ).get("permissions", [])
    lacking = [permission for permission in permissions if permission not in granted]
    if lacking:
        raise Problem(
            f"The login lacks {', '.join(lacking)} in the project {name}.",
            "The guide's section Rights names the roles; whoever owns the project gives them.",
        )
    return "rights to make what the stack is made of"


def region(stack):
    name = stack.variable("region")
    try:
        found = ask(f"https://compute.googleapis.com/compute/v1/projects/{chosen(stack)}/regions/{name}")
    except Refused as refused:
        if refused.reason == "SERVICE_DISABLED":
            return f"region {name}, not asked for: Compute Engine is off, and the deployment turns it on"
        if refused.status == 404:
            raise Problem(
                f'Google Cloud has no region "{name}".', "Correct region in the tfvars file: https://cloud.google.com/run/docs/locations"
            ) from None
        raise
    return f"region {name} with {len(found.get('zones', []))} zones"


# What may be left when all but the network is gone.
HELD = re.compile(r"module\.network\.google_compute_(sub)?network\.|google_project_service\.|terraform_data\.apis")


def before_destroy(stack):
    """Nothing: the repository and the bucket are deleted with what they hold."""


def destroy(stack, *further):
    """Waits for what Google lets go late: addresses of Cloud Run stay in a subnet for an hour or two
    after their service is gone. https://cloud.google.com/run/docs/configuring/vpc-direct-vpc#delete-subnet

    WAIT  minutes to wait for them, 150 if unset; 0 leaves the network to a later destroy
    """
    end = time.monotonic() + 60 * float(os.environ.get("WAIT") or 150)
    pause = float(os.environ.get("DESTROY_PAUSE") or 300)
    while True:
        try:
            return stack.destroy(*further)
        except Problem:
            rest = stack.resources()
            if not rest or not all(HELD.match(address) for address in rest):
                raise
        if time.monotonic() + pause > end:
            raise Problem(
                "All is gone but the network, which Cloud Run still holds on to; it costs nothing.",
                "Repeat the command in an hour or two.",
            )
        say(
            f"All is gone but the network, which Cloud Run still holds on to: usually an hour or two. Tries again in {pause / 60:g} minutes.",
            "Ctrl-C does no harm: the network costs nothing, and the same command finishes later.",
        )
        time.sleep(pause)


def left(stack):
    """Asks each interface for what the modules make there, by exact name: one that only begins alike
    belongs to another environment."""
    return listed(made(stack))


def listed(things):
    """What the project has of such things, in words."""
    found = []
    for kind, url, key, title in things:
        found += [f"{kind} {title(item)}" for item in every(url, key) if title(item)]
    return found


def one_of(*names, key="name"):
    return lambda item: item[key] if item.get(key, "").split("/")[-1] in names else None


def made(stack):
    """Kind, address of its list, key of the list, and what names an item if it is the stack's."""
    name, place, region = stack.name, chosen(stack), stack.variable("region")
    compute = f"https://compute.googleapis.com/compute/v1/projects/{place}"
    monitoring = f"https://monitoring.googleapis.com/v3/projects/{place}"
    certificates = f"https://certificatemanager.googleapis.com/v1/projects/{place}/locations/global"

    def hashed(item):
        """The name, and eight digits that follow from what the thing is for."""
        return item["name"] if re.fullmatch(rf"{name}-[0-9a-f]{{8}}", item["name"].split("/")[-1]) else None

    for kind, collection, names in (
        ("forwarding rule", "global/forwardingRules", (f"{name}-http", f"{name}-https")),
        ("proxy", "global/targetHttpProxies", (f"{name}-http",)),
        ("proxy", "global/targetHttpsProxies", (f"{name}-https",)),
        ("URL map", "global/urlMaps", (name, f"{name}-redirect")),
        ("backend service", "global/backendServices", (name,)),
        ("security policy", "global/securityPolicies", (name,)),
        ("TLS policy", "global/sslPolicies", (name,)),
        ("public address", "global/addresses", (name,)),
        ("firewall rule", "global/firewalls", tuple(f"{name}-{rule}" for rule in ("deny-egress", "service-egress", "probe-egress"))),
        ("router with NAT", f"regions/{region}/routers", (name,)),
        ("subnet", f"regions/{region}/subnetworks", (f"{name}-service", f"{name}-jobs")),
        ("network", "global/networks", (name,)),
    ):
        yield kind, f"{compute}/{collection}", "items", one_of(*names)
    yield "endpoint group", f"{compute}/regions/{region}/networkEndpointGroups", "items", hashed
    for kind, host, collection, names in (
        ("service", "run.googleapis.com/v2", "services", (name,)),
        ("job", "run.googleapis.com/v2", "jobs", (f"{name}-probe",)),
        ("schedule", "cloudscheduler.googleapis.com/v1", "jobs", (f"{name}-probe",)),
        ("repository", "artifactregistry.googleapis.com/v1", "repositories", (name,)),
    ):
        yield kind, f"https://{host}/projects/{place}/locations/{region}/{collection}", collection, one_of(*names)
    yield "bucket", f"https://storage.googleapis.com/storage/v1/b?project={place}", "items", one_of(f"{place}-{name}-documents")
    accounts = tuple(f"{name}-{role}@{place}.iam.gserviceaccount.com" for role in ("service", "schedule"))
    yield "service account", f"https://iam.googleapis.com/v1/projects/{place}/serviceAccounts", "accounts", one_of(*accounts)
    alerts = tuple(f"{name} {alert}" for alert in ("errors", "latency", "cpu", "memory", "unreachable", "probe"))
    yield "alert", f"{monitoring}/alertPolicies", "alertPolicies", one_of(*alerts, key="displayName")
    yield "check", f"{monitoring}/uptimeCheckConfigs", "uptimeCheckConfigs", one_of(f"{name} from outside", key="displayName")
    yield "channel", f"{monitoring}/notificationChannels", "notificationChannels", one_of(f"{name} alerts", key="displayName")
    dashboards = monitoring.replace("/v3/", "/v1/")
    yield "dashboard", f"{dashboards}/dashboards", "dashboards", one_of(name, key="displayName")
    yield "certificate map", f"{certificates}/certificateMaps", "certificateMaps", one_of(name)
    yield "certificate", f"{certificates}/certificates", "certificates", hashed
    yield "proof of the domain", f"{certificates}/dnsAuthorizations", "dnsAuthorizations", hashed
