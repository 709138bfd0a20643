"""How claims are tried on Google Cloud, where that differs from other clouds."""

from meridian import rest
from meridian.console import run
from meridian.gcp import chosen, every, token
from meridian.trial import Trial


class GcpTrial(Trial):
    def monitored(self, collection):
        return every(f"https://monitoring.googleapis.com/v3/projects/{chosen(self.hands.stack)}/{collection}")

    def patch(self, url, body):
        rest.ask(url, token(), body, "PATCH")

    def gcloud(self, *arguments):
        stack = self.hands.stack
        run("gcloud", *arguments, "--project", chosen(stack), "--region", stack.variable("region"), "--quiet")

    def ringing(self):
        """https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alerts/list"""
        found = self.monitored("alerts")
        names = [each["policy"]["displayName"] for each in found if each["state"] == "OPEN"]
        return {name[len(self.name) + 1:] for name in names if name.startswith(f"{self.name} ")}

    def no_limit(self):
        """https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies/patch"""
        [policy] = [each for each in self.monitored("alertPolicies") if each["displayName"] == f"{self.name} latency"]
        query = policy["conditions"][0]["conditionPrometheusQueryLanguage"]
        query["query"] = query["query"].replace("> 1000", "> 0")
        self.patch(f"https://monitoring.googleapis.com/v3/{policy['name']}?updateMask=conditions",
            {"conditions": policy["conditions"]})

    def outage(self):
        """Block all requests from outside."""
        self.gcloud("run", "services", "update", self.name, "--ingress", "internal")
