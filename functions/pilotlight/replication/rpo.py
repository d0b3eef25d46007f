"""The RPO estimate: the replication lag at the first failed probe.

Never the lag "now": while a Primary is down its heartbeats grow older by the second, and the data
do not. A lag that cannot be known is unknown, which is neither zero nor too much.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from pilot_light_client.timestamps import has_happened, text, try_from_number, try_parse

if TYPE_CHECKING:
    from collections.abc import Mapping

Source = Literal["sentinel", "alarm", "probe", "now"]
Policy = Literal["promote", "ask"]


@dataclass(frozen=True)
class FirstFailure:
    """The first failure of the Primary, and the source that reported it."""

    at: datetime
    source: Source


@dataclass(frozen=True)
class Estimate:
    """The lag at the first failed probe, in seconds, or why it is unknown."""

    seconds: float | None
    detail: str
    first_failed_at: str | None = None
    source: Source | None = None


def first_failure(
    *,
    sentinel: Any,
    alarm: Mapping[str, Any] | None,
    probes: list[Mapping[str, Any]],
    now: datetime,
) -> FirstFailure | None:
    """Return the first failed probe by the best source that has one.

    In this order: the sentinel, which probes all the time; the start of the window that the alarm
    judged; the oldest failed probe of this run. A time in the future does not count.

    Parameters
    ----------
    sentinel
        `first_failed_at` of the sentinel's item, or None.
    alarm
        The alarm of the run's request, with `at` and, if known, `window_started_at`.
    probes
        The run's own probes.
    """
    event = alarm or {}
    failed = [m for m in (try_parse(p.get("at")) for p in probes if p.get("ok") is False) if m]
    candidates: tuple[tuple[Source, datetime | None], ...] = (
        ("sentinel", try_parse(sentinel)),
        ("alarm", try_parse(event.get("window_started_at")) or try_parse(event.get("at"))),
        ("probe", min(failed, default=None)),
    )
    for source, at in candidates:
        if at is not None and has_happened((now - at).total_seconds()):
            return FirstFailure(at, source)
    return None


def estimate(replication: Mapping[str, Any], first: FirstFailure | None) -> Estimate:
    """Estimate the age, at the first failed probe, of the oldest write that may be missing.

    Parameters
    ----------
    replication
        The result of `heartbeat.replica_state`, or `{"error": …}`, or nothing.
    """
    if first is None:
        return Estimate(None, "Unknown: no failed probe of the Primary is on record.")
    at = text(first.at.astimezone(UTC))
    unknown = _why_unknown(replication)
    written = try_from_number(replication.get("oldest_written_at"), per_second=1000)
    if unknown or written is None:
        unknown = unknown or "a heartbeat of the Primary has no time that can be read."
        return Estimate(None, f"Unknown: {unknown}", at, first.source)
    seconds = round(max((first.at - written).total_seconds(), 0.0), 3)
    what = "Now" if first.source == "now" else f"At the first failed probe (by the {first.source})"
    detail = f"{what} the oldest of the newest heartbeats held here was {seconds:g} s old."
    return Estimate(seconds, detail, at, first.source)


def _why_unknown(replication: Mapping[str, Any]) -> str | None:
    if not replication:
        return "the state of the Primary's heartbeats is missing."
    if "error" in replication:
        return f"heartbeats could not be read: {replication['error']}"
    if replication.get("from_the_future"):
        return "heartbeats of the Primary are from the future: a clock there is ahead."
    if type(replication.get("oldest_written_at")) is not int:
        present, keys = replication.get("held"), replication.get("keys")
        return f"{present} of {keys} keys of the Primary's heartbeats held."
    return None


def within(lag: Estimate, objective: timedelta) -> bool:
    """Return whether the lag is known and within the objective."""
    return lag.seconds is not None and lag.seconds <= objective.total_seconds()
