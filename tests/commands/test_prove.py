"""./taskw prove-aws in a small world that follows the guide or tells one lie: the outcome of each claim."""

import json
import os
import random
import re
import subprocess
import sys
import types

import pytest
from support.machine import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

from meridian import claims, prove
from meridian.console import Problem
from support import prove_world
from support.fronts import Front
from support.prove_world import FOREIGN, sitting, table
from support.stub_machine import CALLER, ZONES, Machine

CLOUDS = [cloud for cloud in claims.TITLES if (ROOT / "stacks" / cloud).is_dir()]  # a copy may have fewer
HONEST = {cloud: {name: "SEEN" if claim.by else "NOT TRIED" for name, claim in claims.load().items()
    if claim.cloud == cloud} for cloud in CLOUDS}
# What every cloud can lie about, with the end of the id of the claim that it affects.
LIES = {
    "deploys slowly": "deploy",
    "has something to do again": "again",
    "leaves a port open": "ports",
    "a canary loses requests": "canary",
    "withdraws a good canary": "canary",
    "runs a broken image": "broken",
    "takes long to give a broken image up": "broken",
    "a broken image loses requests": "broken",
    "rings at first": "quiet",
    "rings for all services": "alarms",
    "never rings for latency": "alarm-latency",
    "destroys slowly": "destroy",
    "leaves a NAT gateway": "leftovers",
    "bills for what was destroyed": "bill",
    "bills twice": "bill",
}
OTHERWISE = {"gcp-quiet": "gcp-alerts", "gcp-alarms": "gcp-alerts-after", "gcp-destroy": "gcp-network",
    "gcp-alarm-latency": "gcp-alert-latency"}
LIES = {(cloud, lie): OTHERWISE.get(f"{cloud}-{claim}", f"{cloud}-{claim}") for cloud in CLOUDS
    for lie, claim in LIES.items()} | {
    ("aws", "believes the old header"): "aws-address",
    ("aws", "believes a quoted address"): "aws-address",
    ("azure", "believes the old header"): "azure-gateway",
    ("gcp", "believes the old header"): "gcp-address",
    ("aws", "denies a right"): "aws-rights",
    ("aws", "gives rights over others"): "aws-rights",
    ("aws", "simulates a right away"): "aws-rights-simulated",
    ("aws", "simulates rights over others"): "aws-rights-simulated",
    ("aws", "never adds an instance"): "aws-scale",
    ("aws", "never runs the probe"): "aws-probe",
    ("aws", "lets the probe run on"): "aws-probe-minute",
    ("aws", "rings for the stable one"): "aws-alarm-canary",
    ("aws", "never rings for load"): "aws-alarm-load",
    ("aws", "never rings for errors"): "aws-alarms",
    ("azure", "never rings for errors"): "azure-alarms",
    ("gcp", "never rings for unreachable"): "gcp-alerts-after",
    ("gcp", "responds late"): "gcp-balancer",
}
LIES = {(cloud, lie): claim for (cloud, lie), claim in LIES.items() if HONEST.get(cloud, {}).get(claim) == "SEEN"}


@pytest.fixture(scope="module")
def front():
    with Front(None) as front:
        yield front


def run(world, folder, front):
    front.respond = world.respond
    return prove_world.run(world, folder, front)


def things(folder):
    return json.loads((folder / "world.json").read_text())["things"]


def test_an_honest_world_is_seen_and_nothing_remains_of_the_stack(tmp_path, front, capsys):
    sitting(tmp_path, front)
    assert table(tmp_path) == HONEST["aws"]
    assert things(tmp_path) == FOREIGN
    said = capsys.readouterr().out
    assert "0.20 USD an hour by list prices, some 0.60 in all" in said
    assert "./taskw destroy-aws ENV=prove CONFIRM=meridian-prove" in said


@pytest.mark.check
@pytest.mark.parametrize("cloud", [cloud for cloud in CLOUDS if cloud != "aws"])
def test_an_honest_world_is_seen_on_the_other_clouds(cloud, tmp_path, front):
    sitting(tmp_path, front, cloud=cloud)
    assert table(tmp_path) == HONEST[cloud]
    assert things(tmp_path) == FOREIGN


@pytest.mark.check
@pytest.mark.parametrize("cloud, lie", LIES)
def test_a_lie_changes_the_outcome_of_its_own_claim_only(cloud, lie, tmp_path, front):
    sitting(tmp_path, front, lie, cloud=cloud)
    assert table(tmp_path) == {**HONEST[cloud], LIES[cloud, lie]: "DIFFERENT"}


@pytest.mark.check
def test_killed_at_ten_moments_and_repeated_it_has_the_same_table_and_no_leftovers(tmp_path, front):
    whole = tmp_path / "whole"
    whole.mkdir()
    moments = sitting(whole, front)
    chance = random.Random(21)
    for kill in sorted(chance.sample(range(1, moments), 10)):
        folder = tmp_path / str(kill)
        folder.mkdir()
        command = [sys.executable, prove_world.__file__, folder]
        killed = subprocess.run([*command, str(kill)], capture_output=True, text=True)
        assert killed.returncode == 9, killed.stdout + killed.stderr
        done = subprocess.run([*command, "0"], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert table(folder) == table(whole), f"killed at moment {kill} of {moments}"
        assert things(folder) == FOREIGN


def test_a_foreign_resource_of_the_same_name_is_not_touched(tmp_path, front):
    world = prove_world.World(tmp_path)
    world.data["things"]["network vpc-5"] = prove.NAME
    with pytest.raises(Problem, match="exists already"):
        run(world, tmp_path, front)
    assert things(tmp_path)["network vpc-5"] == prove.NAME


def test_after_its_hours_nothing_more_is_tried_and_all_is_removed(tmp_path, front, monkeypatch):
    world = prove_world.World(tmp_path)
    monkeypatch.setattr(prove_world.Hands, "responds", lambda self: world.passes(4 * 60))
    run(world, tmp_path, front)
    [file] = (tmp_path / "proof").glob("*.json")
    entries = json.loads(file.read_text())["claims"]
    assert entries["aws-canary"] == {**entries["aws-canary"], "outcome": "NOT TRIED", "reason": "time"}
    assert entries["aws-leftovers"]["outcome"] == "SEEN"


def test_what_the_account_may_not_do_is_not_tried(tmp_path, front, monkeypatch):
    def refuses(self, given):
        raise Problem("`aws ecs run-task` was refused.", "An error occurred (AccessDeniedException)")

    monkeypatch.setattr(prove_world.Hands, "run_task", refuses)
    run(prove_world.World(tmp_path), tmp_path, front)
    [file] = (tmp_path / "proof").glob("*.json")
    entry = json.loads(file.read_text())["claims"]["aws-probe-minute"]
    assert (entry["outcome"], entry["reason"]) == ("NOT TRIED", "refused")
    assert table(tmp_path)["aws-leftovers"] == "SEEN"


@pytest.mark.parametrize("measured, whole, cut, outcome", [
    (8, 8.1, False, 8), (5, 9, True, 9), (5, 14, True, "cut"), (12, 30, True, "slow")])
def test_minutes_of_an_interrupted_step_lie_between_the_measured_and_the_total(measured, whole, cut, outcome):
    progress = {"elapsed": {"deploy": {"measured": 60 * measured, "whole": 60 * whole, "cut": cut}}}
    trial = prove.TRIALS["aws"](types.SimpleNamespace(stack=types.SimpleNamespace(name=prove.NAME)), progress, None)
    claim = claims.load()["aws-deploy"]
    if isinstance(outcome, int):
        assert trial.deployed(claim) == {"minutes": outcome}
    else:
        with pytest.raises(prove.NotTried, match=outcome):
            trial.deployed(claim)


@pytest.mark.parametrize("act", [lambda hands: hands.canary(prove_world.OTHER), lambda hands: hands.settle()])
def test_ctrl_c_in_a_canary_ends_the_whole_run(act, monkeypatch):
    monkeypatch.setattr(prove.canary, "run", lambda stack, options: prove.canary.INTERRUPTED)
    monkeypatch.setattr(prove.Hands, "outputs", lambda self: {"canary": {"percent": 10}})
    hands = prove.Hands(None, types.SimpleNamespace(**{**dict.fromkeys(prove.GIVEN), "url": "http://127.0.0.1"}))
    with pytest.raises(KeyboardInterrupt):
        act(hands)


def test_a_canary_without_a_judge_is_put_in_place(monkeypatch):
    applied = []
    monkeypatch.setattr(prove.canary.Canary, "apply", lambda self, *given: applied.append(given))
    outputs = {"image": prove_world.FIRST, "revision": "r", "url": "http://127.0.0.1"}
    terraform = types.SimpleNamespace(idle=lambda patience: None, outputs=lambda: outputs)
    hands = prove.Hands(types.SimpleNamespace(terraform=terraform), types.SimpleNamespace(url=None))
    hands.begin_canary(prove_world.OTHER)
    assert applied == [(prove_world.FIRST, {"image": prove_world.OTHER, "percent": 10, "stable": "r"})]


def test_without_git_or_aws_it_continues(tmp_path, monkeypatch):
    """Without Git there is no commit. A missing aws is reported before anything is created."""
    for name in list(os.environ):
        if prove.EMULATED.fullmatch(name):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert prove.revision() == {"commit": "0" * 40, "changed": False}
    assert not prove.Hands(types.SimpleNamespace(kind="aws"), types.SimpleNamespace(url=None)).emulated


def test_a_stack_that_was_removed_by_hand_is_created_again(tmp_path, front):
    world = prove_world.World(tmp_path)
    world.data["things"] = dict(FOREIGN)
    progress = prove.Progress(tmp_path / "progress.json")
    progress.write(began=world.data["now"] - 60, price=0.2, emulated=False, standing=True, deployed=True, outcomes={},
        given=dict.fromkeys(prove.GIVEN) | {"image": prove_world.FIRST, "other": prove_world.OTHER})
    run(world, tmp_path, front)
    assert table(tmp_path)["aws-deploy"] == "SEEN" and things(tmp_path) == FOREIGN


def test_a_stack_that_cannot_be_settled_is_destroyed(tmp_path, front, monkeypatch):
    world = prove_world.World(tmp_path)
    monkeypatch.setattr(prove_world.Hands, "settle", lambda self: (_ for _ in ()).throw(Problem("locked", "Wait.")))
    run(world, tmp_path, front)
    entries = table(tmp_path)
    assert (entries["aws-canary"], entries["aws-broken"], entries["aws-leftovers"]) == ("SEEN", "NOT TRIED", "SEEN")
    assert things(tmp_path) == FOREIGN


def test_a_failed_destroy_is_reported_and_completed_by_the_next_run(tmp_path, front, monkeypatch, capsys):
    world = prove_world.World(tmp_path)
    with monkeypatch.context() as broken:
        broken.setattr(prove_world.Hands, "destroy", lambda self: (_ for _ in ()).throw(Problem("refused", "Wait.")))
        with pytest.raises(Problem, match="was not removed completely: refused"):
            run(world, tmp_path, front)
    assert "Remove it: ./taskw destroy-aws ENV=prove CONFIRM=meridian-prove" in capsys.readouterr().out
    run(world, tmp_path, front)
    assert things(tmp_path) == FOREIGN and table(tmp_path)["aws-leftovers"] == "SEEN"


def test_without_a_yes_nothing_is_created(tmp_path, front, monkeypatch):
    world = prove_world.World(tmp_path)
    monkeypatch.setattr(prove, "typed", lambda question: "")
    begin = prove_world.Hands.__init__

    def asked(self, *arguments):
        begin(self, *arguments)
        self.options.yes = None

    monkeypatch.setattr(prove_world.Hands, "__init__", asked)
    with pytest.raises(Problem, match='Not "yes"'):
        run(world, tmp_path, front)
    assert world.data["things"] == FOREIGN and not (tmp_path / "progress.json").exists()


def test_a_failed_deployment_is_removed_and_not_recorded(tmp_path, front, monkeypatch):
    world = prove_world.World(tmp_path)
    apply = prove_world.Hands.apply

    def fails(self, image=None):
        apply(self, image)
        raise Problem("AccessDenied", "The right is missing.")

    monkeypatch.setattr(prove_world.Hands, "apply", fails)
    with pytest.raises(Problem, match="nothing to record; all is removed"):
        run(world, tmp_path, front)
    assert world.data["things"] == FOREIGN and not (tmp_path / "proof").exists()


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "HTTPS_PROXY", "SSL_CERT_FILE",
    "GOOGLE_COMPUTE_CUSTOM_ENDPOINT", "ARM_METADATA_HOSTNAME"])
def test_with_a_variable_that_may_lead_to_an_emulator_nothing_is_seen(name, monkeypatch):
    monkeypatch.setenv(name, "http://127.0.0.1:5000")
    hands = prove.Hands(None, None)
    assert hands.emulated


@pytest.mark.parametrize("expires, words", [("2020-01-01-0000", "expired at 2020-01-01-0000 UTC and still costs money"),
    ("2120-01-01-0000", "expires at 2120-01-01-0000 UTC")])
def test_doctor_reports_a_stack_with_an_expiry(tmp_path, expires, words):
    machine = Machine(tmp_path)
    tags = {"Project": "meridian", "Stack": "meridian-prove", "Expires": expires}
    network = [{"Key": key, "Value": value} for key, value in tags.items()]
    machine.stub("aws", {"--version": "aws-cli/2.30.1", "get-caller-identity": CALLER,
        "describe-availability-zones": ZONES, "describe-vpcs": json.dumps([network])})
    done = machine.run("doctor")
    assert done.returncode == 0 and f"note     meridian-prove {words}" in done.stdout, done.stdout


RECORD = {
    "cloud": "aws", "region": "eu-west-1", "date": "2026-12-03", "commit": "a" * 40, "changed": False,
    "image": f"sha256:{'b' * 64}", "emulator": False, "hours": 1.5, "providers": {"aws": "5.100.0"},
}  # fmt: skip


def record(name="aws-leftovers", outcome="SEEN", text=None, **further):
    text = text or claims.digest(claims.load()[name], claims.passages()[name])
    return {**RECORD, "claims": {name: {"outcome": outcome, "text": text}}, **further}


@pytest.mark.parametrize("change", [
    {"account": "123456789012"},
    {"region": "eu-west-1 123456789012"},
    {"commit": "main"},
    {"image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/meridian"},
    {"providers": {"aws": "5.100.0 of someone"}},
    {"providers": {"someone": "5.100.0"}},
    {"emulator": True},
    {"claims": {"aws-leftovers": {"outcome": "SEEN", "text": "0" * 16, "why": "arn:aws:iam::123456789012:user/x"}}},
    {"claims": {"aws-leftovers": {"outcome": "SEEN", "text": "0" * 16, "reason": "someone's"}}},
    {"claims": {"aws-leftovers": {"outcome": "SEEN", "text": "0" * 16, "figures": {"leftovers": "a.example.com"}}}},
    {"claims": {"aws-leftovers": {"outcome": "SEEN", "text": "0" * 16, "figures": {"ip": 12}}}},
    {"claims": {"aws-leftovers": {"outcome": "PROVEN", "text": "0" * 16}}},
])
def test_a_record_with_anything_but_the_allowed_fields_is_refused(change):
    claims.checked(record())
    with pytest.raises(Problem):
        claims.checked(record(**change))


@pytest.mark.parametrize("region", ["us-gov-west-1", "eastus2", "germanywestcentral", "northamerica-northeast1",
    "europe-west12"])
def test_a_record_may_be_of_any_region(region):
    claims.checked(record(region=region))


def test_the_newest_record_of_the_real_cloud_counts_and_a_changed_text_is_stale():
    texts = claims.passages()

    def outcome(*found):
        return claims.standing(found, texts)["aws-leftovers"][0]

    assert outcome() == "NOT TRIED"
    assert outcome(record()) == "SEEN"
    assert outcome(record(), record(outcome="DIFFERENT", date="2027-01-01")) == "DIFFERENT"
    assert outcome(record(), record(outcome="REHEARSED", date="2027-01-01", emulator=True)) == "SEEN"
    assert outcome(record(), record(outcome="NOT TRIED", date="2027-01-01")) == "SEEN"
    assert outcome(record(outcome="REHEARSED", emulator=True)) == "REHEARSED"
    assert outcome(record(text="0" * 16)) == "STALE"
    changed = {**texts, "aws-leftovers": texts["aws-leftovers"] + " And more."}
    assert claims.standing([record()], changed)["aws-leftovers"][0] == "STALE"


def test_marks_and_table_show_what_a_record_says():
    texts = claims.passages()
    guide = claims.guides()["stacks/aws/README.md"]
    latest = claims.standing([record()], texts)
    seen = claims.marked(guide, latest)
    assert "[†, reported as seen on AWS eu-west-1 on 2026-12-03](../../proof/README.md#aws-leftovers)" in seen
    assert claims.marked(seen, claims.standing([], texts)) == guide
    [row] = [row for row in claims.table(latest) if 'id="aws-leftovers"' in row]
    assert row.endswith("| reported as seen on AWS eu-west-1 on 2026-12-03 |")
    assert claims.summary(latest).endswith("1 are reported as seen on a cloud, 0 as different")


def test_every_mark_has_a_claim_and_every_claim_a_mark():
    guides = claims.guides()
    marks = {mark[2] for text in guides.values() for mark in claims.MARK.finditer(text)}
    # A copy may have fewer guides.
    known = {name for name in claims.load() if guide_of(name) in guides}
    assert marks == known
    for file, text in guides.items():
        # The mark is bare only where the guide explains it.
        bare = re.findall(r"(?<!marked)\s*†(?![,\]])", re.sub(r"marked\s+†", "", text))
        assert bare == [], f"{file} has a † without an id"


def guide_of(name):
    first, second, *_ = name.split("-")
    return f"stacks/{ {'platform': '', 'vm': f'vm/{second}/'}.get(first, f'{first}/')}README.md"


def test_pages_show_what_is_in_proof():
    """./taskw claims writes them."""
    whole = all((ROOT / "stacks" / cloud).exists() for cloud in ("aws", "azure", "gcp", "vm"))
    for file, text in claims.generated().items():
        if file in claims.guides() or whole:
            assert (ROOT / file).read_text() == text, file
