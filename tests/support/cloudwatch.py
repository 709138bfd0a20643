"""State of an alarm on made-up series, by CloudWatch's published rules.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

import operator

COMPARE = {"GreaterThanThreshold": operator.gt, "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt}
# CloudWatch retrieves more periods than the alarm evaluates; its page shows five for three.
FURTHER = 2


class Series:
    """Values by period. Where an operand has no value, the result has none."""

    def __init__(self, values):
        self.values = values

    def combine(self, other, how):
        if isinstance(other, Series):
            return Series({at: how(value, other.values[at]) for at, value in self.values.items() if at in other.values})
        return Series({at: how(value, other) for at, value in self.values.items()})

    def __add__(self, other):
        return self.combine(other, operator.add)

    def __mul__(self, other):
        return self.combine(other, operator.mul)

    __rmul__ = __mul__

    def __truediv__(self, other):
        # A division by zero has no value.
        return Series({at: value for at, value in self.combine(other, lambda a, b: a / b if b else None).values.items()
            if value is not None})

    def __ge__(self, other):
        return self.combine(other, lambda a, b: float(a >= b))


def functions(periods):
    def if_(condition, yes, no):
        def at(side, period):
            return side.values.get(period) if isinstance(side, Series) else side

        chosen = {period: at(yes if truth else no, period) for period, truth in condition.values.items()}
        return Series({period: value for period, value in chosen.items() if value is not None})

    def fill(series, value):
        # FILL leaves a metric empty that has no data point in the whole range.
        return Series({period: series.values.get(period, value) for period in periods}) if series.values else series

    def sum_(several):
        found = {period: [each.values[period] for each in several if period in each.values] for period in periods}
        return Series({period: sum(values) for period, values in found.items() if values})

    return {"IF": if_, "FILL": fill, "SUM": sum_}


def state(alarm, metrics, before="OK"):
    """State after the newest period. alarm: of DescribeAlarms; metrics: name to values, newest last, None: missing."""
    needed = alarm["EvaluationPeriods"]
    periods = range(needed + FURTHER)

    def series(name):
        newest = list(metrics.get(name, []))[-len(periods) :]
        padded = [None] * (len(periods) - len(newest)) + newest
        return Series({at: value for at, value in zip(periods, padded) if value is not None})

    if alarm.get("Metrics"):
        named = {query["Id"]: series(query["MetricStat"]["Metric"]["MetricName"])
            for query in alarm["Metrics"] if "MetricStat" in query}
        (expression,) = [query["Expression"] for query in alarm["Metrics"] if "Expression" in query]
        result = eval(expression, {"__builtins__": {}}, {**functions(periods), **named})
    else:
        result = series(alarm["MetricName"])
    points = [result.values[at] for at in periods if at in result.values][-needed:]
    missing, policy = needed - len(points), alarm["TreatMissingData"]
    if not points:
        return {"breaching": "ALARM", "notBreaching": "OK", "ignore": before, "missing": "INSUFFICIENT_DATA"}[policy]
    bad = sum(COMPARE[alarm["ComparisonOperator"]](point, alarm["Threshold"]) for point in points)
    bad += missing if policy == "breaching" else 0
    return "ALARM" if bad >= alarm.get("DatapointsToAlarm", needed) else "OK"
