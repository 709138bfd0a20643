"""What a stack costs a month: the user's own values times the list prices in stacks/prices.json."""

import dataclasses
import functools
import json
import math

from meridian.console import ROOT, Problem, number, say

HOURS = 730
SECONDS = HOURS * 3600
# What a request is taken to be where nothing is measured: bytes of an answer, of question and answer together with
# their headers, and of the access log's line; requests on one connection; bytes of flow logs.
ANSWER, EXCHANGE, LINE, PER_CONNECTION, FLOW = 1000, 1500, 350, 10, 15
# A canary needs no line of its own: it runs for minutes. Dashboards are free but for the fourth and later on AWS.
# Of these each stack has its own.
VALUES = "cpu memory instances nat waf environment repository_url service probe zones machine_type machines"


@dataclasses.dataclass(frozen=True)
class Use:
    """How a stack is used at a number of requests a second; what it asks of prices it has from there."""

    values: dict
    prices: dict
    rate: float
    per_vcpu: float = 500

    def __getattr__(self, name):
        try:
            return self.values[name]
        except KeyError:
            raise AttributeError(name) from None

    def price(self, name):
        return self.prices[name][0]

    @property
    def wanted(self):
        return max(self.instances["min"], math.ceil(self.rate / (self.per_vcpu * self.cpu)))

    @property
    def running(self):
        return min(self.wanted, self.instances["max"])

    @property
    def gib(self):
        return self.memory / 1024

    @property
    def millions(self):
        return self.rate * SECONDS / 1e6

    def gb(self, size):
        """GB a month of so many bytes a request."""
        return self.millions * size / 1000

    @property
    def line(self):
        """Bytes of a request in the service's own log."""
        return 0 if (self.environment or {}).get("MERIDIAN_ACCESS_LOG") in ("errors", "off") else LINE

    def kept(self, size, free):
        """GB that are kept beyond the days that cost nothing."""
        return size * max(0, (self.service["log_days"] - free) / 30)

    @property
    def runs(self):
        return HOURS * 60 / self.probe["every_minutes"]


# Of each model, own is what a service pays for itself, shared what is a platform's where it stands on one; a service
# alone pays both.


def aws(use, own=True, shared=True):
    p, connections = use.price, use.rate / PER_CONNECTION
    capacity = max(connections / 25, use.gb(EXCHANGE) / HOURS)
    logs = 0.1 + use.gb(use.line) if own else 0
    nats = {"single": 1, "zonal": use.zones, "none": 0}[use.nat]
    if own:
        yield (f"Tasks of {use.cpu:g} vCPU and {use.gib:g} GiB", "fargate_vcpu fargate_memory",
            use.running * HOURS * (use.cpu * p("fargate_vcpu") + use.gib * p("fargate_memory")))
    if shared:
        yield ("Load balancer", "balancer balancer_capacity",
            HOURS * (p("balancer") + capacity * p("balancer_capacity")))
    if shared and nats:
        yield f"NAT gateways: {nats}", "nat nat_data", nats * HOURS * p("nat") + logs * p("nat_data")
    elif shared:
        yield f"Endpoints: 3 in {use.zones} zones", "endpoint", 3 * use.zones * HOURS * p("endpoint")
    if shared:
        yield f"Public addresses: {use.zones + nats}", "address", (use.zones + nats) * HOURS * p("address")
    else:
        yield ("Its part of load balancer and NAT gateway", "balancer_capacity nat_data",
            HOURS * capacity * p("balancer_capacity") + bool(nats) * logs * p("nat_data"))
    if own and use.probe and nats:
        yield (f"Probe, every {use.probe['every_minutes']} minutes, billed as a minute", "fargate_vcpu fargate_memory",
            use.runs / 60 * (0.25 * p("fargate_vcpu") + 0.5 * p("fargate_memory")))
        yield "Metric of the probe", "metric", p("metric")
    if own:
        yield ("Logs: 0.1 GB and the access lines", "logs logs_kept",
            logs * p("logs") + use.kept(logs, 0) * p("logs_kept"))
    if shared:
        yield "Flow logs", "logs", (0.1 + use.gb(FLOW)) * p("logs")
    # By target group where others share the load balancer.
    metrics = (13 if shared else 14) if own else 1
    yield f"Alarms, {metrics} metric{'s' * (metrics > 1)}", "alarm", metrics * p("alarm")
    if shared and use.waf:
        yield ("WAF, 4 rules", "waf waf_rule waf_requests",
            p("waf") + 4 * p("waf_rule") + use.millions * p("waf_requests"))
    yield from stored(use, own, shared)
    if own:
        yield "Traffic out", "traffic", max(0, use.gb(ANSWER) - 100) * p("traffic")


def azure(use, own=True, shared=True):
    p = use.price
    # 2,500 connections, 2.22 Mbit/s or 50 new connections a second are a capacity unit.
    capacity = max(use.rate / PER_CONNECTION / 50, use.rate * EXCHANGE * 8 / 2.22e6)
    active = use.rate > 0
    logs = 0.2 + use.gb(use.line and use.line + 340) if own else 0
    nat = use.nat == "single"
    if shared:
        yield "Gateway", "gateway gateway_capacity", HOURS * (p("gateway") + capacity * p("gateway_capacity"))
        if use.waf:
            yield ("WAF, in place of the gateway's price", "waf waf_capacity", HOURS * (p("waf") - p("gateway")
                + capacity * (p("waf_capacity") - p("gateway_capacity"))))
    else:
        yield "Its part of the gateway", "gateway_capacity", HOURS * capacity * p("gateway_capacity")
    if own:
        yield (f"Replicas of {use.cpu:g} vCPU and {use.gib:g} GiB", "vcpu_active vcpu_idle memory",
            use.running * SECONDS * (use.cpu * p("vcpu_active" if active else "vcpu_idle") + use.gib * p("memory")))
        yield "Requests", "requests", max(0, use.millions - 2) * p("requests")
    if shared:
        if nat:
            yield "NAT gateway", "nat nat_data", HOURS * p("nat") + use.gb(FLOW) * p("nat_data")
        yield f"Public addresses: {2 + nat}", "address", (2 + nat) * HOURS * p("address")
        yield "The environment's load balancer", "balancer balancer_data", HOURS * p("balancer") + use.gb(
            ANSWER) * p("balancer_data")
    if own and use.probe:
        yield (f"Probe, every {use.probe['every_minutes']} minutes for 10 seconds", "vcpu_active memory",
            use.runs * 10 * (0.25 * p("vcpu_active") + 0.5 * p("memory")))
    if own:
        yield ("Logs: 0.2 GB and the access lines in Azure's records", "logs logs_kept",
            logs * p("logs") + use.kept(logs, 31) * p("logs_kept"))
        yield ("Alerts: 6 of metrics, 1 of the log", "alert alert_log", 6 * p("alert") + p("alert_log"))
    if shared and not use.repository_url:
        yield "Registry, Basic, and its daily clean-up", "registry", HOURS / 24 * p("registry")
    if own and shared:
        yield "Documents and private DNS", "documents zone", 2 * p("documents") + p("zone")
    elif own:
        yield "Documents", "documents", 2 * p("documents")
    else:
        yield "Private DNS", "zone", p("zone")
    if own:
        yield "Traffic out", "traffic", max(0, use.gb(ANSWER) - 100) * p("traffic")


def gcp(use, own=True, shared=True):
    p, gib = use.price, 1e9 / 2**30
    # The uptime check asks from six places each minute.
    requests = use.millions + 0.3
    if own:
        active = use.cpu * p("vcpu_active") + use.gib * p("memory")
        idle = use.cpu * p("vcpu_idle") + use.gib * p("memory")
        # Billed in steps of 100 ms; requests come at random, and some while others are answered.
        busy = 1 - math.exp(-0.1 * use.rate / use.running) if use.running else 0
        yield (f"Instances of {use.cpu:g} vCPU and {use.gib:g} GiB", "vcpu_active vcpu_idle memory",
            use.running * SECONDS * (busy * active + (1 - busy) * idle))
        yield ("Health checks, 3 every ten seconds, 100 ms each", "vcpu_active vcpu_idle",
            use.running * SECONDS * 0.03 * (1 - busy) * (active - idle))
        yield "Requests", "requests", requests * p("requests")
    data = use.gb(EXCHANGE) * gib * p("balancer_data")
    if shared:
        yield "Load balancer", "balancer balancer_data", HOURS * p("balancer") + data
        rules = 7 if use.waf else 1
        yield (f"Cloud Armor, rules: {rules}", "armor armor_rule armor_requests",
            p("armor") + rules * p("armor_rule") + requests * p("armor_requests"))
    else:
        yield "Its part of the load balancer", "balancer_data", data
    if use.nat == "single":
        # Each instance that it serves, and the probe's, at most 32; the address is one.
        yield (("Cloud NAT for the instances and the probe, its address" if own and shared
                else "Cloud NAT for the instances and the probe" if own else "Cloud NAT's address"),
            " ".join(["nat"] * own + ["address"] * shared),
            HOURS * (((use.running + 1) * p("nat") if own else 0) + shared * p("address")))
    if own and use.probe and use.nat == "single":
        yield (f"Probe, every {use.probe['every_minutes']} minutes for a minute", "job_vcpu job_memory",
            use.runs * 60 * (p("job_vcpu") + 0.5 * p("job_memory")))
        yield "Schedule of the probe", "schedule", p("schedule")
    if own:
        yield "Alerts, 6 conditions", "alert alert_series", 6 * p("alert") + 6 * HOURS * 60 / 1e6 * p("alert_series")
        # Cloud Run's own record of a request, and the service's line in one.
        logs = (0.6 + use.gb(1150 + (use.line and use.line + 800))) * gib
        yield ("Logs: 0.6 GB and the records of requests", "logs logs_kept",
            logs * p("logs") + use.kept(logs, 30) * p("logs_kept"))
    if shared:
        yield "Flow logs", "logs", (0.1 + use.gb(FLOW)) * gib * p("logs")
    yield from stored(use, own, shared)
    if own:
        yield "Traffic out", "traffic", use.gb(ANSWER) * gib * p("traffic")


def stored(use, own, shared):
    images = ["images"] if shared and not use.repository_url else []
    kept = [*images, *(["documents"] if own else [])]
    if kept:
        yield (" and ".join(kept).capitalize(), " ".join(kept),
            len(images) * 0.8 * use.price("images") + own * use.price("documents"))


def machine(use, balancer, addresses, size, further):
    """A group of virtual machines: what differs by cloud are addresses, disk, and what keeps images and logs."""
    if use.machine_type not in use.prices:
        raise Problem(f'There is no price of {use.machine_type} in stacks/prices.json.',
            "Add its line there: USD an hour by the cloud's list.")
    p, n = use.price, use.machines
    yield f"Machines, {use.machine_type}: {n}", use.machine_type, n * HOURS * p(use.machine_type)
    yield "Load balancer", balancer, HOURS * p("balancer")
    yield f"Public addresses: {addresses}", "address", addresses * HOURS * p("address")
    yield f"Disks: {n}", "disk", n * size * p("disk")
    if not use.repository_url:
        yield from further


def machine_aws(use):
    # One of the load balancer's in each of two zones.
    return machine(use, "balancer network_balancer_capacity", 2 + use.machines, 16,
        [("Images and logs", "images logs", 0.1 * use.price("images") + 0.1 * use.price("logs"))])


def machine_azure(use):
    return machine(use, "balancer balancer_data", 1, 1,
        [("Registry, Basic", "registry", HOURS / 24 * use.price("registry"))])


def machine_gcp(use):
    # The load balancer's is free.
    return machine(use, "balancer balancer_data", use.machines, 10,
        [("Images", "images", 0.1 * use.price("images"))])


MODELS = {"aws": aws, "azure": azure, "gcp": gcp, "vm/aws": machine_aws, "vm/azure": machine_azure,
    "vm/gcp": machine_gcp,
    **{f"platform/{cloud.__name__}": functools.partial(cloud, own=False) for cloud in (aws, azure, gcp)}}  # fmt: skip


def model(stack):
    found = MODELS[stack.place]
    return functools.partial(found, shared=False) if stack.service else found


@functools.cache
def lists():
    try:
        return json.loads((ROOT / "stacks/prices.json").read_text())
    except FileNotFoundError:
        raise Problem("stacks/prices.json is missing.", "`git checkout stacks/prices.json` brings it back.") from None


def uses(stack, rates, per_vcpu=500):
    """A Use for each number of requests a second, of the values that Terraform takes; machines cost the same at any."""
    values = stack.variables(*VALUES.split())
    if values and stack.service:  # of which it has no network
        values["nat"] = stack.platform.variable("nat")
        values["probe"] = None if stack.is_preview else values["probe"]
    if not values or any(values[name] is None for name in ("cpu", "machine_type") if name in values):
        raise Problem(f"A variable of stacks/{stack.place} has no value.", "Set it in a tfvars file there.")
    return [Use(values, lists()[stack.kind]["prices"], rate, per_vcpu)
        for rate in ([0] if stack.cloud.machine else rates)]


def rows(stack, used):
    """What is paid for, the unit price in words, and the amount at each rate, in USD a month."""
    lines = [list(model(stack)(use)) for use in used]
    for same in zip(*lines):
        what, priced, _ = same[0]
        unit = ", ".join(f"{amount(usd)} per {per}" for usd, per in (used[0].prices[each] for each in priced.split()))
        yield what, unit, [line[2] for line in same]


def amount(usd):
    return f"{usd:.9f}".rstrip("0").rstrip(".")


def table(stack, used):
    """Markdown, as the guides have it."""
    idle = "A month" if stack.cloud.machine else "Idle"
    cells = [["What", "Unit price, USD", *(f"{use.rate:,g} requests/s" if use.rate else idle for use in used)]]
    found = list(rows(stack, used))
    cells += [[what, unit, *(f"{each:,.2f}" for each in amounts)] for what, unit, amounts in found]
    cells.append(["**Sum**", "", *(f"**{each:,.2f}**" for each in sums(found))])
    cells.insert(1, ["---"] * 2 + ["---:"] * len(used))
    return ["| " + " | ".join(line) + " |" for line in cells]


def sums(found):
    """Of what is shown, so that a reader who adds it up gets the same."""
    return [sum(round(each, 2) for each in amounts) for amounts in zip(*(amounts for _, _, amounts in found))]


def summary(stack):
    """The sums in a sentence, for doctor and plan."""
    idle, *busy = sums(rows(stack, uses(stack, [0, 1000])))
    loaded = f", {busy[0]:,.0f} at 1,000 requests a second" if busy else ""
    more = " more, for the service alone" if stack.service else ""
    return f"some {idle:,.0f} USD a month idle{loaded}{more}: {stack.command('cost')}"


def cost(stack, options):
    """Adds up what the stack costs a month, by list prices and the values of its variables."""
    rates = [number("RATES", each, None, 0, 100000) for each in (options.rates or "0 10 1000").split()]
    per_vcpu = number("PER_VCPU", options.per_vcpu, "500", 1, 100000)
    used = uses(stack, rates, per_vcpu)
    prices = lists()[stack.kind]
    say(f"{stack.name}, environment {stack.env}: list prices of {prices['where']} as of {prices['as_of']}, without "
        f"taxes and free tiers, {HOURS} hours a month. Other regions differ.", "", *table(stack, used), "")
    for use in used if stack.runs and not stack.cloud.machine else ():
        say(f"{use.running} instances at {use.rate:g} requests a second, {per_vcpu:g} for each vCPU."
            + (f" It would take {use.wanted}; instances.max is {use.running}." if use.wanted > use.running else ""))
