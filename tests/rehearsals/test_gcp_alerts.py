"""The alerts of Google Cloud on made-up series: promtool, Prometheus's test tool, evaluates the planned queries.

Google's data points come late: a load balancer's by up to 210 seconds, Cloud Run's by up to 180
(https://cloud.google.com/monitoring/api/metrics_gcp). So the end of a ten-minute window is empty, which is the same as
a shorter window on series that begin later.
"""

import json
import subprocess

import pytest
from support.gcp_world import plan_alone

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "google", "promtool")]

LATE = {"errors": 210, "latency": 210, "probe": 180}
BALANCER = 'monitored_resource="https_lb_rule",url_map_name="meridian"'
REQUESTS = f"loadbalancing_googleapis_com:https_request_count{{{BALANCER}"
LATENCY = f"loadbalancing_googleapis_com:https_total_latencies_bucket{{{BALANCER}"
PROBE = (
    'run_googleapis_com:job_completed_execution_count{job_name="meridian-probe",location="us-central1",'
    'monitored_resource="cloud_run_job",result="succeeded"}'
)
GOOD, BAD = f'{REQUESTS},response_code_class="200"}}', f'{REQUESTS},response_code_class="500"}}'


@pytest.fixture(scope="module")
def alerts(tmp_path_factory):
    """Name to query and duration, from the plan of a new stack."""
    plan, _ = plan_alone(tmp_path_factory.mktemp("alerts"))
    found = {}
    for each in plan["resource_changes"]:
        if each["type"] == "google_monitoring_alert_policy":
            after = each["change"]["after"]
            [condition] = after["conditions"]
            for query in condition["condition_prometheus_query_language"]:
                if "query" in query:
                    found[after["display_name"].removeprefix("meridian ")] = query
    return found


def steady(step, minutes, start=0):
    """A counter that grows by `step` each minute."""
    return f"{start}+{step}x{minutes}"


def runs(*minutes, end=90):
    """A counter of successes, which exists from the first one on."""
    return " ".join("_" if minute < minutes[0] else str(sum(each <= minute for each in minutes))
        for minute in range(end))


@pytest.mark.parametrize(
    "name, series, fires",
    [
        ("errors", {}, {15: False}),
        ("errors", {GOOD: steady(100, 60)}, {5: False, 30: False}),
        # All requests fail: from the first one on; after 20 minutes of good responses.
        ("errors", {BAD: steady(100, 60)}, {4: True, 30: True}),
        ("errors", {GOOD: f"{steady(100, 20)} {steady(0, 20, 2000)}", BAD: f"{steady(0, 20)} {steady(100, 20)}"},
            {20: False, 22: True}),
        # Two of a thousand fail; four in all; data is missing for five minutes.
        ("errors", {GOOD: steady(1000, 60), BAD: steady(2, 60)}, {20: False, 40: False}),
        ("errors", {GOOD: steady(10, 60), BAD: f"{steady(0, 20)} 4x40"}, {21: False, 25: False, 40: False}),
        ("errors", {GOOD: f"{steady(100, 20)} _x5 {steady(100, 30, 2500)}", BAD: "0x20 _x5 0x30"},
            {22: False, 27: False, 40: False}),
        ("latency", {}, {15: False}),
        ("latency", {f'{LATENCY},le="{le}"}}': steady(100, 60) for le in ("500", "2000", "+Inf")},
            {10: False, 40: False}),
        ("latency", {f'{LATENCY},le="{le}"}}': steady(step, 60)
            for le, step in (("500", 90), ("2000", 100), ("+Inf", 100))}, {10: True}),
        # A first deployment: the first run is up to 5 minutes later, then every 5.
        ("probe", {PROBE: runs(*range(5, 90, 5))}, {minute: False for minute in range(1, 80)}),
        # Nothing ever runs; runs stop; one run fails; one is late.
        ("probe", {}, {11: False, 16: True}),
        ("probe", {PROBE: runs(*range(5, 41, 5))}, {45: False, 65: True}),
        ("probe", {PROBE: runs(*(minute for minute in range(5, 90, 5) if minute != 40))},
            {minute: False for minute in range(30, 80)}),
        ("probe", {PROBE: runs(*(minute + (minute == 40) * 2 for minute in range(5, 90, 5)))},
            {minute: False for minute in range(30, 80)}),
    ],
)
def test_an_alert_fires_when_it_should(alerts, tmp_path, name, series, fires):
    late = LATE[name]
    query = alerts[name]
    for minutes in range(1, 200):
        query = {**query, "query": query["query"].replace(f"[{minutes}m]", f"[{60 * minutes - late}s]")}
    rule = {"alert": name, "expr": query["query"], "for": query["duration"]}
    (tmp_path / "rules.json").write_text(json.dumps({"groups": [{"name": "alerts", "rules": [rule]}]}))
    shift = -(-late // 60)
    test = {
        "rule_files": ["rules.json"],
        "evaluation_interval": query["evaluation_interval"],
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": each, "values": f"_x{shift - 1} {values}"}
                    for each, values in series.items()],
                "alert_rule_test": [
                    {"eval_time": f"{minute + shift}m", "alertname": name, "exp_alerts": [{}] if expected else []}
                    for minute, expected in fires.items()
                ],
            }
        ],
    }
    (tmp_path / "test.json").write_text(json.dumps(test))
    done = subprocess.run(["promtool", "test", "rules", "test.json"], cwd=tmp_path, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
