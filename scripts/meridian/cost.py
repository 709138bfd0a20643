"""Monthly cost of a stack: the user's own values times the list prices of its cloud."""

import functools
import json
import math

from meridian.console import ROOT, Problem, number, say

HOURS = 730
SECONDS = HOURS * 3600
# Assumptions about a request, not measured: bytes of a response, of request and response with their headers, and of the
# access log's line; requests on one connection; bytes of flow logs.
RESPONSE, EXCHANGE, LINE, PER_CONNECTION, FLOW = 1000, 1500, 350, 10, 15
# A canary has no line because it runs only for minutes. Azure's and Google's dashboards are free.
# Variables that affect the cost; each stack declares some of them.
VALUES = "cpu memory instances nat waf environment repository_url service probe zones machine_type machines"


class Use:
    """Use of a stack at a rate in requests a second; its variables' values become attributes."""

    def __init__(self, values, prices, rate, per_vcpu=500):
        self.prices, self.rate, self.per_vcpu = prices, rate, per_vcpu
        vars(self).update(values)

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
        """GB a month at this many bytes a request."""
        return self.millions * size / 1000

    @property
    def line(self):
        """Bytes that a request adds to the service's own log."""
        return 0 if (self.environment or {}).get("MERIDIAN_ACCESS_LOG") in ("errors", "off") else LINE

    def kept(self, size, free):
        """GB-months of logs kept beyond the days that are free."""
        return size * max(0, (self.service["log_days"] - free) / 30)

    @property
    def runs(self):
        return HOURS * 60 / self.probe["every_minutes"]


def stored(use, own, shared):
    kept = {**({"images": 0.8} if shared and not use.repository_url else {}), **({"documents": 1} if own else {})}
    if kept:
        yield " and ".join(kept).capitalize(), kept


def machine(use, capacity, addresses, size, further):
    """Yield the lines of a group of virtual machines. Clouds differ in the load balancer's second price, addresses,
    disk size, and what stores images and logs."""
    n = use.machines
    yield f"Machines, {use.machine_type}: {n}", {use.machine_type: n * HOURS}
    yield "Load balancer", {"balancer": HOURS, capacity: 0}
    yield f"Public addresses: {addresses}", {"address": addresses * HOURS}
    yield f"Disks: {n}", {"disk": n * size}
    if not use.repository_url:
        yield further


def priced(use, lines):
    """Yield what is paid for, the names of its prices, and USD a month, for each line of quantities by price."""
    for what, quantities in lines:
        amount = sum(quantity * use.prices[name][0] for name, quantity in quantities.items())
        yield what, list(quantities), amount


def model(stack):
    """Function that yields a stack's lines. own: what a service itself costs; shared: what its platform costs. A
    service without a platform pays for both."""
    if stack.cloud.machine:
        return stack.cloud.costs
    found = functools.partial(stack.cloud.costs, own=not stack.place.startswith("platform/"), shared=not stack.service)
    if not stack.is_preview:
        return found
    lacks = {"alarm", "alert", "dashboard", "documents"}
    return lambda use: [line for line in found(use) if not lacks & set(line[1])]


@functools.cache
def listed(cloud):
    name = f"stacks/{cloud}/prices.json"
    try:
        return json.loads((ROOT / name).read_text())
    except FileNotFoundError:
        raise Problem(f"{name} is missing.", f"`git checkout {name}` brings it back.") from None


def uses(stack, rates, per_vcpu=500):
    """A Use for each rate in requests a second, with Terraform's values; only one for machines, whose cost is fixed."""
    values = stack.variables(*VALUES.split())
    if values and stack.service:  # its network is the platform's
        values["nat"] = stack.platform.variable("nat")
        values["probe"] = None if stack.is_preview else values["probe"]
        if stack.is_preview and stack.kind == "gcp":  # as in stacks/gcp
            values["instances"] = {"min": 1, "max": 1}
    if not values or any(values[name] is None for name in ("cpu", "machine_type") if name in values):
        raise Problem(f"A variable of stacks/{stack.place} has no value.", "Set it in a tfvars file there.")
    prices = listed(stack.kind)["prices"]
    if stack.cloud.machine and values["machine_type"] not in prices:
        raise Problem(f"There is no price of {values['machine_type']} in stacks/{stack.kind}/prices.json.",
            "Add a line for this machine type there, with the cloud's list price in USD an hour.")
    return [Use(values, prices, rate, per_vcpu)
        for rate in ([0] if stack.cloud.machine else rates)]


def rows(stack, used):
    """Yield what is paid for, its unit price in words, and USD a month at each rate."""
    lines = [list(priced(use, model(stack)(use))) for use in used]
    for same in zip(*lines):
        what, names, _ = same[0]
        unit = ", ".join(f"{amount(usd)} per {per}" for usd, per in (used[0].prices[each] for each in names))
        yield what, unit, [line[2] for line in same]


def amount(usd):
    return f"{usd:.9f}".rstrip("0").rstrip(".")


def table(stack, used):
    """Lines of the Markdown table in the guides."""
    idle = "A month" if stack.cloud.machine else "Idle"
    cells = [["What", "Unit price, USD", *(f"{use.rate:,g} requests/s" if use.rate else idle for use in used)]]
    found = list(rows(stack, used))
    cells += [[what, unit, *(f"{each:,.2f}" for each in amounts)] for what, unit, amounts in found]
    cells.append(["**Sum**", "", *(f"**{each:,.2f}**" for each in sums(found))])
    cells.insert(1, ["---"] * 2 + ["---:"] * len(used))
    return ["| " + " | ".join(line) + " |" for line in cells]


def sums(found):
    """Sums of the rounded amounts, so that a reader who adds them up gets the same."""
    return [sum(round(each, 2) for each in amounts) for amounts in zip(*(amounts for _, _, amounts in found))]


def summary(stack):
    """The sums in a sentence, for doctor and plan."""
    idle, *busy = sums(rows(stack, uses(stack, [0, 1000])))
    loaded = f", {busy[0]:,.0f} at 1,000 requests a second" if busy else ""
    more = ", on top of its platform's" if stack.service else ""
    return f"costs some {idle:,.0f} USD a month idle{loaded}{more}; details: {stack.command('cost')}"


def cost(stack, options):
    """Adds up what the stack costs a month, by list prices and the values of its variables."""
    rates = [number("RATES", each, None, 0, 100000) for each in (options.rates or "0 10 1000").split()]
    per_vcpu = number("PER_VCPU", options.per_vcpu, "500", 1, 100000)
    used = uses(stack, rates, per_vcpu)
    prices = listed(stack.kind)
    say(f"{stack.name}, environment {stack.env}: list prices of {prices['where']} as of {prices['as_of']}, for "
        f"{HOURS} hours a month, without taxes. A free tier counts only where a line names it. Other regions differ.",
        "", *table(stack, used), "")
    for use in used if stack.runs and not stack.cloud.machine else ():
        say(f"{use.running} instances at {use.rate:g} requests a second, if one vCPU handles {per_vcpu:g}."
            + (f" That rate needs {use.wanted}; instances.max is {use.running}." if use.wanted > use.running else ""))
