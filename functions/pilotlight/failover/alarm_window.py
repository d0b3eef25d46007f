"""When the window began over which an alarm judged: before it, nothing is known to have failed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any


def window_start(event: Mapping[str, Any], sent_at: datetime) -> str | None:
    """Return the start of the window of an alarm's event, or None where it does not tell.

    `state.reasonData` is JSON in a string and gives `startDate`; an event without it still gives
    the period of its metric, which is then taken from the event's own time.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
    """
    detail = event["detail"]
    told = _start_date(detail.get("state", {}).get("reasonData"))
    periods = [p for p in map(_period, _metrics(detail)) if p]
    if told is None and periods:
        told = sent_at - timedelta(seconds=max(periods))
    if told is None or told > sent_at:
        return None
    return told.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _start_date(reason_data: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(json.loads(reason_data)["startDate"])
    except (TypeError, ValueError, KeyError):
        return None
    return found if found.tzinfo else None


def _metrics(detail: Mapping[str, Any]) -> list[Any]:
    configuration = detail.get("configuration")
    found = configuration.get("metrics") if isinstance(configuration, Mapping) else None
    return found if isinstance(found, list) else []


def _period(metric: Any) -> float | None:
    stat = metric.get("metricStat") if isinstance(metric, Mapping) else None
    period = stat.get("period") if isinstance(stat, Mapping) else None
    return float(period) if isinstance(period, int) and period > 0 else None
