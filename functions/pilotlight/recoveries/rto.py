"""An RTO beside its target, in words: a rehearsal's forecast, and what a record measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS, POINTS = ("reads", "writes"), ("p50", "p99")
NOT_MADE = "no rehearsal has made one"


@dataclass(frozen=True)
class Comparison:
    """Whether an RTO is within its target, and both in words. None if one of them is not known."""

    within: bool | None
    detail: str


def forecast_against(forecast: Mapping[str, Any], target: float) -> Comparison:
    """Compare a forecast (failover/forecast.py) with a target, by the p99 of writes.

    A target holds for each outage, and not for one in two; and an application that can be read and
    not written has not recovered. Writes are never served before reads.
    """
    seconds = percentiles(forecast)
    begin = f"RTO target {target:g} s;"
    if seconds is None:
        return Comparison(None, f"{begin} no forecast: {forecast.get('unknown') or NOT_MADE}.")
    words = "; ".join(
        f"{kind} {', '.join(f'{point} {seconds[kind][point]:g} s' for point in POINTS)}"
        for kind in KINDS
    )
    within = seconds["writes"]["p99"] <= target
    end = "" if within else " The p99 of writes misses the target."
    return Comparison(within, f"{begin} forecast (not measured): {words}.{end}")


def actual_against(seconds: object, source: object, target: object) -> Comparison:
    """Compare what a record measured, from a source to confirmed traffic, with its target."""
    actual, most = _number(seconds), _number(target)
    words = "No RTO target on record" if most is None else f"RTO target {most:g} s"
    if actual is None:
        return Comparison(None, f"{words}; actual unknown.")
    detail = (
        f"{words}; actual {actual:g} s, from the {source} to confirmed traffic, which is not what "
        "users saw."
    )
    within = None if most is None else actual <= most
    return Comparison(within, f"{detail} It missed the target." if within is False else detail)


def percentiles(forecast: Mapping[str, Any]) -> dict[str, dict[str, float]] | None:
    """Return the seconds of a forecast by kind and percentile, or None if one is missing."""
    found = {}
    for kind in KINDS:
        points = forecast.get(kind)
        seconds = {p: _number(points.get(p)) for p in POINTS} if isinstance(points, dict) else {}
        known = {point: value for point, value in seconds.items() if value is not None}
        if len(known) < len(POINTS):
            return None
        found[kind] = known
    return found


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value
