"""CloudWatch alarms: evaluated per dimensions, M of N, with missing data; a change is an event.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from __future__ import annotations

import contextvars
import json
import logging
import operator
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from lab.engine.patching import wrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.engine.aws import Aws

logger = logging.getLogger(__name__)
# Seconds from the end of a period to the event, modelled at the low end of what AWS shows.
EVALUATION_DELAY, EVALUATION_DELAY_HIGH_RESOLUTION = 40.0, 3.0
EXTRA_PERIODS = 2
# AWS's seconds between two evaluations, which adds to the delay.
INTERVAL = 1.0
COMPARE: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


def judge(
    values: list[float | None],
    breaches: Callable[[float], bool],
    datapoints_to_alarm: int,
    treat_missing: str,
) -> str | None:
    """Return the state that the latest values call for, or None where it stays as it is."""
    if all(v is None for v in values):
        if treat_missing == "ignore":
            return None
        if treat_missing == "missing":
            return "INSUFFICIENT_DATA"
    for_missing = {"breaching": True, "notBreaching": False}.get(treat_missing)
    flags = [for_missing if v is None else breaches(v) for v in values]
    return "ALARM" if sum(f is True for f in flags) >= datapoints_to_alarm else "OK"


def install(aws: Aws, changed: Callable[[str, str], None]) -> None:
    """Evaluate alarms as AWS does. `changed` gets the name and state of every change."""
    cloudwatch = aws.cloudwatch

    @wrap(cloudwatch, "_evaluate_alarm")
    def evaluate(_: Any, alarm: dict[str, Any]) -> None:
        if not alarm.get("MetricName"):
            return
        values, has_points = latest_values(aws, alarm)
        missing = alarm.get("TreatMissingData") or "missing"
        # Without a single point the alarm stays where SetAlarmState or its creation put it.
        if not has_points and missing == "missing":
            return
        compare, threshold = COMPARE[alarm["ComparisonOperator"]], float(alarm["Threshold"])
        needed = alarm.get("DatapointsToAlarm") or alarm.get("EvaluationPeriods", 1)
        state = judge(values, lambda v: compare(v, threshold), needed, missing)
        if state in (None, alarm["StateValue"]):
            return
        reason = (
            f"Threshold Crossed: datapoints {values}, threshold {threshold}, missing {missing}."
        )
        old, alarm["StateValue"] = alarm["StateValue"], state
        alarm.update(StateReason=reason, StateUpdatedTimestamp=int(time.time()))
        cloudwatch._record_history(alarm["AlarmName"], old, state, reason)
        cloudwatch._dispatch_alarm_actions(alarm, old, state, reason)
        cloudwatch._evaluate_parent_alarms(alarm)

    @wrap(cloudwatch, "_dispatch_alarm_actions")
    def dispatch(dispatch_actions: Any, alarm: Any, old: str, new: str, reason: str) -> None:
        changed(alarm["AlarmName"], new)
        context = contextvars.copy_context()
        judged = alarm.get("Period", 60) * alarm.get("EvaluationPeriods", 1)
        entry = _event(alarm, old, new, reason, aws.clock.real(judged))

        def put() -> None:
            aws.eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)

        threading.Thread(target=context.run, args=(put,), daemon=True).start()
        dispatch_actions(alarm, old, new, reason)


def start(aws: Aws) -> None:
    """Evaluate the alarms of every Region, for ever, in a thread."""

    def run() -> None:
        while True:
            time.sleep(aws.clock.real(INTERVAL))
            for region in aws.config.regions:
                try:
                    aws.within(region, aws.cloudwatch._evaluate_all_alarms)
                except Exception:
                    logger.exception("Alarms of %s", region)

    threading.Thread(target=run, daemon=True, name="alarms").start()


def evaluated(values: list[float | None], periods: int) -> list[float | None]:
    """Choose what an alarm judges from the values of its evaluation range, newest first.

    The range is longer than the evaluation periods. Where it holds enough real values the latest of
    them count; only where it does not are missing ones filled in.
    """
    real = [v for v in values if v is not None]
    return list(real[:periods]) if len(real) >= periods else values[:periods]


def window_ends(now: float, period: float, delay: float, count: int) -> list[float]:
    """Return the ends of the latest closed periods, newest first, aligned to the clock."""
    newest = (now - delay) // period * period
    return [newest - period * i for i in range(count)]


def latest_values(aws: Aws, alarm: dict[str, Any]) -> tuple[list[float | None], bool]:
    """Return what to judge, newest first, None for a period without a point."""
    cloudwatch = aws.cloudwatch
    dimensions = {d["Name"]: d["Value"] for d in alarm.get("Dimensions") or []}
    metric_key = (alarm["Namespace"], alarm["MetricName"])
    points = [
        point
        for (namespace, metric, _), series in list(cloudwatch._metrics.items())
        if (namespace, metric) == metric_key
        for point in series
        if (point.get("Dimensions") or {}) == dimensions
    ]
    statistic = alarm.get("Statistic", "Average")
    seconds = alarm.get("Period", 60)
    delay = EVALUATION_DELAY if seconds >= 60 else EVALUATION_DELAY_HIGH_RESOLUTION
    period, periods = aws.clock.real(seconds), alarm.get("EvaluationPeriods", 1)
    values: list[float | None] = []
    for end in window_ends(time.time(), period, aws.clock.real(delay), periods + EXTRA_PERIODS):
        window = [p for p in points if end - period <= p["Timestamp"] < end]
        stats = cloudwatch._calc_stats(window) if window else None
        values.append(float(cloudwatch._stat_value(stats, statistic, window)) if stats else None)
    return evaluated(values, periods), bool(points)


def _event(
    alarm: dict[str, Any], old: str, new: str, reason: str, window_seconds: float
) -> dict[str, Any]:
    """Make the documented `CloudWatch Alarm State Change` event."""
    now = datetime.now(UTC)
    at, window_started = (
        moment.isoformat(timespec="milliseconds").replace("+00:00", "+0000")
        for moment in (now, now - timedelta(seconds=window_seconds))
    )
    metric = {
        "namespace": alarm.get("Namespace"),
        "name": alarm.get("MetricName"),
        "dimensions": {d["Name"]: d["Value"] for d in alarm.get("Dimensions") or []},
    }
    stat = {"metric": metric, "period": alarm.get("Period"), "stat": alarm.get("Statistic")}
    configuration: dict[str, Any] = {
        "description": alarm.get("AlarmDescription", ""),
        "metrics": [{"id": "m1", "metricStat": stat, "returnData": True}],
    }
    detail = {
        "alarmName": alarm["AlarmName"],
        "state": {
            "value": new,
            "reason": reason,
            "reasonData": json.dumps({"startDate": window_started}),
            "timestamp": at,
        },
        "previousState": {"value": old},
        "configuration": configuration,
    }
    return {
        "Source": "aws.cloudwatch",
        "DetailType": "CloudWatch Alarm State Change",
        "Resources": [alarm.get("AlarmArn", "")],
        "Detail": json.dumps(detail),
    }
