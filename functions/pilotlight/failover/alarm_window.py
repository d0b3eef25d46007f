"""The start of the window that an alarm judged: before it, nothing is known to have failed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pilotlight.conditions.evidence import read_json, section, sections
from pilotlight.shared.timestamps import text, try_parse

if TYPE_CHECKING:
    from collections.abc import Mapping


def window_start(event: Mapping[str, Any], sent_at: datetime) -> str | None:
    """Return the start of the window of an alarm's event, or None if the event has none.

    `state.reasonData` is JSON in a string and gives `startDate`; an event without it still gives
    the period of its metric, which is then taken from the event's own time.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
    """
    detail = section(event, "detail")
    reason = read_json(section(detail, "state").get("reasonData"), {})
    start = try_parse(reason.get("startDate"))
    metrics = sections(section(detail, "configuration"), "metrics")
    periods = [section(metric, "metricStat").get("period") for metric in metrics]
    seconds = max((p for p in periods if isinstance(p, int)), default=0)
    if start is None and seconds > 0:
        start = sent_at - timedelta(seconds=seconds)
    return text(start.astimezone(UTC)) if start and start <= sent_at else None
