"""CLOUDWATCH_METRIC health checks: Route 53 reads the data stream that an alarm watches.

It does not read the alarm: SetAlarmState moves nothing, and the alarm's own delay is not waited
for. Only metrics of standard resolution, without M of N, metric math and other accounts.
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.engine.events.alarms import COMPARE, latest_values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lab.engine.aws import Aws
    from lab.engine.outages.outage import Outage

# AWS states no delay from the end of a period to the verdict, so none is added: a lower bound.
STREAM_DELAY = 0.0
STANDARD_RESOLUTION = 60


def judge(values: Sequence[float | None], breaches: Callable[[float], bool]) -> bool | None:
    """Return whether a stream is good, newest period first; None where one of them has no data.

    It is bad when every period breaches.
    """
    present = [v for v in values if v is not None]
    if len(present) < len(values) or not present:
        return None
    return not all(breaches(v) for v in present)


def verdict(aws: Aws, outage: Outage, config: Mapping[str, Any]) -> bool | None:
    """Read the stream behind a check's alarm; None where there is nothing to read."""
    named = config["AlarmIdentifier"]
    if not outage.runs(named["Region"]):
        return None

    def read() -> bool | None:
        alarm = aws.cloudwatch._alarms.get(named["Name"])
        if alarm is None or int(alarm.get("Period", STANDARD_RESOLUTION)) < STANDARD_RESOLUTION:
            return None
        compare, threshold = COMPARE[alarm["ComparisonOperator"]], float(alarm["Threshold"])
        values, _ = latest_values(aws, alarm, STREAM_DELAY)
        return judge(values, lambda v: compare(v, threshold))

    good: bool | None = aws.within(named["Region"], read)
    return good
