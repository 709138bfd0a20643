"""What a stack costs with the user's own values. clouds/test_guides.py compares the guides' tables with it."""

import functools
import itertools
import json
import os
import subprocess
import sys

import pytest
from support.machine import ROOT, copy, need

sys.path.insert(0, str(ROOT / "scripts"))

from meridian import cost
from meridian.stack import CLOUDS as STACKS
from meridian.stack import MACHINES

SERVICE = {
    "cpu": 1,
    "memory": 2048,
    "instances": {"min": 2, "max": 6},
    "nat": "single",
    "waf": False,
    "zones": 2,
    "environment": {},
    "repository_url": None,
    "service": {"log_days": 30},
    "probe": {"every_minutes": 5},
}
CLOUDS = tuple(STACKS)
PRICES = {cloud: json.loads((ROOT / f"stacks/{cloud}/prices.json").read_text()) for cloud in CLOUDS}
MODELS = {place: each.costs for place, each in {**STACKS, **MACHINES}.items()}


def amounts(use, model):
    return list(cost.priced(use, model(use)))


def lines(place, rate=0, per_vcpu=500, **values):
    use = cost.Use({**SERVICE, **values}, PRICES[place.rpartition("/")[2]]["prices"], rate, per_vcpu)
    return {what: amount for what, _, amount in amounts(use, MODELS[place])}


def total(*arguments, **values):
    return sum(lines(*arguments, **values).values())


@pytest.mark.parametrize("cloud", CLOUDS)
def test_more_of_anything_costs_more(cloud):
    idle = total(cloud)
    rates = [total(cloud, rate) for rate in (0, 1, 10, 100, 1000)]
    assert rates == sorted(rates) and len(set(rates)) == 5
    assert total(cloud, waf=True) > idle
    # AWS uses endpoints instead of the gateway.
    assert (idle > total(cloud, nat="none")) == (cloud != "aws")
    assert total(cloud, instances={"min": 3, "max": 6}) > idle
    assert total(cloud, cpu=2, memory=4096) > idle > total(cloud, probe=None)
    assert total(cloud, 10, service={"log_days": 365}) > total(cloud, 10)
    assert total(cloud, 10, environment={"MERIDIAN_ACCESS_LOG": "errors"}) < total(cloud, 10)
    assert total(cloud, repository_url="example.com/shared") < idle


def test_another_zone_needs_an_address_and_zonal_nat_a_gateway_per_zone():
    assert total("aws", zones=3) - total("aws") == pytest.approx(730 * 0.005)
    assert total("aws", nat="zonal") - total("aws") == pytest.approx(730 * (0.045 + 0.005))


@pytest.mark.parametrize("cloud", CLOUDS)
def test_instances_are_added_by_requests_per_vcpu_up_to_max(cloud):
    def instances(rate, **values):
        use = cost.Use({**SERVICE, **values}, PRICES[cloud]["prices"], rate, values.pop("per_vcpu", 500))
        return use.running, use.wanted

    assert instances(1000) == (2, 2)
    assert instances(1001) == (3, 3)
    assert instances(1001, cpu=2) == (2, 2)
    assert instances(1000, per_vcpu=100) == (6, 10)
    assert instances(0, instances={"min": 0, "max": 3}) == (0, 0)


def test_each_price_is_used_by_some_line():
    """Correcting a price that no line uses would change nothing."""
    for cloud in CLOUDS:
        used = set()
        for place, nat, waf in itertools.product((cloud, f"vm/{cloud}"), ("single", "none"), (False, True)):
            for machine in (each for each in PRICES[cloud]["prices"] if each[:2] in ("t3", "St", "e2")):
                values = {**SERVICE, "nat": nat, "waf": waf, "machine_type": machine, "machines": 1}
                found = MODELS[place](cost.Use(values, PRICES[cloud]["prices"], 10))
                used |= {name for _, quantities in found for name in quantities}
        assert used == set(PRICES[cloud]["prices"]), cloud


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_platform_with_one_service_costs_what_a_service_alone_does(cloud):
    """Except for alarms, because the platform has its own."""

    def added(model, rate, **values):
        return amounts(cost.Use({**SERVICE, **values}, PRICES[cloud]["prices"], rate), model)

    whole, platform = MODELS[cloud], functools.partial(MODELS[cloud], own=False)
    own = functools.partial(whole, shared=False)
    for rate, waf in itertools.product((0, 10), (False, True)):
        alone, shared, one = (sum(amount for *_, amount in added(model, rate, waf=waf))
            for model in (whole, platform, own))
        # Costs per request count on both sides, because it is unknown which service will get the requests.
        assert alone - 0.01 <= shared + one <= alone + 0.5 + 2.5 * rate
        assert one < alone - 25 and shared > 25
    for model in (platform, own):
        assert [what for what, *_ in added(model, 0)] == [what for what, *_ in added(model, 1000)]


def run(root, *arguments, **environment):
    command = [sys.executable, root / "scripts/meridian", "cost", *arguments]
    return subprocess.run(command, text=True, capture_output=True, env={**environment, "PATH": os.environ["PATH"]})


@pytest.fixture
def root(tmp_path):
    need("terraform")
    copy(tmp_path, "scripts", "stacks")
    return tmp_path


@pytest.mark.skipif(not (ROOT / "stacks/platform").exists(), reason="a copy may do without platforms")
@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_platforms_cost_follows_its_own_values(root, cloud):
    done = run(root, f"platform/{cloud}")
    assert done.returncode == 0 and "| **Sum** |" in done.stdout, done.stderr


def test_the_users_own_values_count(root):
    before = run(root, "aws", "--rates=0").stdout
    (root / "stacks/aws/mine.auto.tfvars").write_text('waf = true\nnat = "zonal"\nzones = 3\n')
    after = run(root, "aws", "--rates=0").stdout
    assert "WAF, 4 rules" in after and "WAF" not in before
    assert "NAT gateways: 3" in after and "Public addresses: 6" in after
    staging = run(root, "aws", "--env=staging", "--rates=0").stdout
    assert "meridian-staging, environment staging" in staging and "Tasks of 0.25 vCPU and 0.5 GiB" in staging


def test_more_requests_than_max_instances_serve_are_reported(root):
    said = run(root, "azure", "--rates=9000").stdout
    assert ("6 instances at 9000 requests a second, if one vCPU handles 500. "
        "That rate needs 18; instances.max is 6.") in said


@pytest.mark.parametrize(("arguments", "what"), [
    (("aws", "--rates=fast"), 'RATES is "fast"'),
    (("aws", "--per-vcpu=0"), 'PER_VCPU is "0"'),
    (("vm-aws", "--", "-var=machine_type=m9.huge"), "There is no price of m9.huge in stacks/aws/prices.json."),
    (("aws", "--", "-var=cpu=none"), "Terraform does not accept the variables"),
])  # fmt: skip
def test_what_cannot_be_computed_is_refused(root, arguments, what):
    done = run(root, *arguments)
    assert done.returncode == 1 and what in done.stderr and "Traceback" not in done.stderr
