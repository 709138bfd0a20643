"""A platform on Google Cloud and its services: support/platform_scenario.py; their egress, and which alarm fires."""

import json
import os

import pytest
from support.aws_world import in_order  # noqa: F401 a fixture
from support.gcp_world import COMPUTE, PLACE, PROJECT, Gcp, gcloud
from support.machine import ran
from support.platform_scenario import DOMAIN, SERVICES, Scenario, together

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "google", "jdk", "promtool")]


class Cloud(Gcp):
    # What a platform is for: no service has one of these.
    SHARED = ("_compute_", "dns", "certificate", "repository", "project_service", "notification")
    PREVIEW = {"google_cloud_run_v2_service": 1, "google_service_account": 1}

    def __init__(self, folder):
        super().__init__(folder)
        self.environment["PATH"] = f"{gcloud(folder)}:{os.environ['PATH']}"
        self.platforms = self.environment

    @staticmethod
    def own(domain):
        return {"email": "ops@example.com", "domain": {"name": domain, "zone": "example-com"}}

    @staticmethod
    def found(*platforms):
        together("apply", *platforms)

    @staticmethod
    def path(name):
        return f"{PLACE}/services/{name}"

    def led(self, platform, host, port="https"):
        """Name of the service to which the load balancer leads a host, or the target of its redirect."""
        rule = self.get("compute", f"compute/v1/{COMPUTE}/forwardingRules/{platform.name}-platform-{port}")

        def compute(link):
            return self.get("compute", "compute/v1/" + link.split("/compute/v1/")[-1])

        hosts = compute(compute(rule["target"])["urlMap"])
        for each in hosts.get("hostRules", []):
            if host in each["hosts"]:
                [matcher] = [one for one in hosts["pathMatchers"] if one["name"] == each["pathMatcher"]]
                [backend] = compute(matcher["defaultService"])["backends"]
                return compute(backend["group"])["cloudRun"]["service"]
        return f"https://{hosts['defaultUrlRedirect'].get('hostRedirect', host)}"

    def leftovers(self):
        return {path for path in self.fake.resources() if "/services/" not in path or "googleapis.com" not in path}


def test_port_80_redirects_to_the_same_host_and_one_certificate_covers_all(stage):
    for service in stage.services.values():
        assert stage.cloud.led(stage.platform, service.host, "http") == f"https://{service.host}"
    found = stage.cloud.get("certificatemanager", f"v1/projects/{PROJECT}/locations/global/certificates")
    assert [f"*.{DOMAIN}"] in [each["managed"]["domains"] for each in found["certificates"]]


def test_services_use_the_platforms_egress_rules(stage):
    rules = {tag: each for each in stage.cloud.get("compute", f"compute/v1/{COMPUTE}/firewalls")["items"]
        for tag in each.get("targetTags", [])}
    assert set(rules) == {f"{name}-platform-{part}" for name in ("staging", "prod") for part in ("service", "probe")}
    for service in (*stage.services.values(), stage.other):
        [interface] = stage.cloud.service(stage.cloud.path(service.name))["template"]["vpcAccess"]["networkInterfaces"]
        assert interface["tags"] == [f"{service.name.partition('-')[0]}-platform-service"]
    assert rules["staging-platform-service"]["allowed"][0]["ports"] == ["443"]


def series(name, ill):
    """An hour of a healthy service, or of one that sends nothing but errors, late."""
    front = (f'monitored_resource="https_lb_rule",url_map_name="{name.partition("-")[0]}-platform",'
        f'backend_target_name="{name}",backend_target_type="BACKEND_SERVICE"')
    inside = f'monitored_resource="cloud_run_revision",service_name="{name}",location="us-central1"'
    job = f'monitored_resource="cloud_run_job",job_name="{name}-probe",location="us-central1",result="succeeded"'
    balancer, run = "loadbalancing_googleapis_com:https", "run_googleapis_com"
    each_minute = {f'{balancer}_request_count{{{front},response_code_class="{"500" if ill else "200"}"}}': 100,
        f"{run}:job_completed_execution_count{{{job}}}": 0 if ill else 1}
    each_minute |= {f'{balancer}_total_latencies_bucket{{{front},le="{le}"}}': 0 if ill and le == "500" else 100
        for le in ("500", "2000", "+Inf")}
    for kind in ("cpu", "memory"):
        each_minute |= {f"{run}:container_{kind}_utilizations_{part}{{{inside}}}": step
            for part, step in (("sum", 95 if ill else 20), ("count", 100))}
    return [{"series": name, "values": f"0+{step}x60"} for name, step in each_minute.items()]


@pytest.mark.parametrize("ill", ["staging-orders", "staging-users", "prod-orders"])
def test_a_failing_service_sets_off_only_its_own_alarms(stage, tmp_path, ill):
    policies = stage.cloud.get("monitoring", f"v3/projects/{PROJECT}/alertPolicies")["alertPolicies"]
    rules = [{"alert": each["displayName"], "expr": query["query"], "for": query["duration"]} for each in policies
        for query in [each["conditions"][0].get("conditionPrometheusQueryLanguage")] if query]
    # Five per service and one per platform; each service has one more, on its uptime check.
    assert len(rules) == 5 * 4 + 2 and len(policies) == 6 * 4 + 2
    (tmp_path / "rules.json").write_text(json.dumps({"groups": [{"name": "all", "rules": rules}]}))
    names = ["prod-orders", *(f"staging-{key}" for key in SERVICES)]
    (tmp_path / "test.json").write_text(json.dumps({"rule_files": ["rules.json"], "tests": [{
        "interval": "1m",
        "input_series": [each for name in names for each in series(name, name == ill)],
        "alert_rule_test": [{"eval_time": "60m", "alertname": rule["alert"],
            "exp_alerts": [{}] if rule["alert"].startswith(f"{ill} ") else []} for rule in rules],
    }]}))
    ran("promtool", "test", "rules", "test.json", cwd=tmp_path)


def test_each_service_has_an_uptime_check_on_its_own_host(stage):
    of = f"v3/projects/{PROJECT}"
    hosts = {each["name"].split("/")[-1]: each["monitoredResource"]["labels"]["host"]
        for each in stage.cloud.get("monitoring", f"{of}/uptimeCheckConfigs")["uptimeCheckConfigs"]}
    asked = {each["displayName"]: hosts[each["conditions"][0]["conditionThreshold"]["filter"].split('"')[-2]]
        for each in stage.cloud.get("monitoring", f"{of}/alertPolicies")["alertPolicies"]
        if "conditionThreshold" in each["conditions"][0]}
    services = (stage.other, *(stage.services[key] for key in SERVICES))
    assert asked == {f"{service.name} unreachable": service.host for service in services}


class TestPlatform(Scenario):
    pass
