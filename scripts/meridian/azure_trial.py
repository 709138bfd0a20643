"""Trials of claims that are specific to Azure."""

from meridian.azure import chosen, resource_manager
from meridian.trial import DAY, Trial, day


class AzureTrial(Trial):
    def azure(self, method, path, version, body=None, **query):
        stack = self.hands.stack
        return resource_manager(f"/subscriptions/{chosen(stack)}/{path}", version, method, body, **query)

    def app(self):
        return f"resourceGroups/{self.name}/providers/Microsoft.App/containerApps/{self.name}"

    def ringing(self):
        """https://learn.microsoft.com/rest/api/monitor/alertsmanagement/alerts/get-all"""
        found = self.azure("get", "providers/Microsoft.AlertsManagement/alerts",
            "2019-03-01", targetResourceGroup=self.name, monitorCondition="Fired", timeRange="1h")["value"]
        return {each["properties"]["essentials"]["alertRule"].rpartition("/")[2][len(self.name) + 1:]
            for each in found}

    def outage(self):
        """https://learn.microsoft.com/rest/api/resource-manager/containerapps/container-apps/stop"""
        self.azure("post", f"{self.app()}/stop", "2025-01-01")

    def recovers(self):
        self.azure("post", f"{self.app()}/start", "2025-01-01")

    def no_limit(self):
        """https://learn.microsoft.com/rest/api/monitor/metric-alerts/create-or-update"""
        path = f"resourceGroups/{self.name}/providers/Microsoft.Insights/metricAlerts/{self.name}-latency"
        alert = self.azure("get", path, "2018-03-01")
        alert["properties"]["criteria"]["allOf"][0]["threshold"] = 0
        self.azure("put", path, "2018-03-01", alert)

    def billed(self, begin, end):
        """Cost in USD of the resource group: nothing of the stack is elsewhere.
        https://learn.microsoft.com/rest/api/cost-management/query/usage"""
        found = self.azure("post", "providers/Microsoft.CostManagement/query",
            "2023-11-01", {
                "type": "ActualCost", "timeframe": "Custom",
                "timePeriod": {"from": f"{day(begin)}T00:00:00Z", "to": f"{day(end - DAY)}T23:59:59Z"},
                "dataset": {
                    "granularity": "None", "aggregation": {"usd": {"name": "CostUSD", "function": "Sum"}},
                    "filter": {"dimensions": {"name": "ResourceGroupName", "operator": "In", "values": [self.name]}},
                },
            })["properties"]
        column = [each["name"] for each in found["columns"]].index("CostUSD")
        return sum(row[column] for row in found["rows"])
