"""The RTO target beside the newest rehearsal's forecast and the last actual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pilotlight.conditions.evidence import read_json
from pilotlight.recoveries.rto import actual_against, forecast_against, percentiles
from pilotlight.reporting.past_recoveries import recovery

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Runs that recover from an outage. A planned move has no RTO.
RECOVERED = ("failover", "drill")
VERDICTS = {True: "ok", False: "attention", None: "unknown"}


def fact(
    rehearsal: Mapping[str, Any], records: Sequence[Mapping[str, Any]], target: float
) -> dict[str, Any]:
    """Return whether the newest rehearsal's forecast is within the target, and the last actual.

    A past recovery that missed its target is told, and needs no attention any more.
    """
    forecast = read_json(rehearsal.get("forecast"), {})
    compared = forecast_against(forecast, target)
    last = _last(records)
    return {
        "verdict": VERDICTS[compared.within],
        "detail": f"{compared.detail}{_in_words(last)}",
        "target_seconds": target,
        "forecast": percentiles(forecast),
        "actual_seconds": last.get("rto_seconds"),
        "actual_from": last.get("rto_from"),
    }


def _last(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the newest recovery from an outage whose seconds are known, or nothing."""
    past = (recovery(record) for record in records if record and "error" not in record)
    known = (r for r in past if r["mode"] in RECOVERED and r["rto_seconds"] is not None)
    return next(known, {})


def _in_words(last: Mapping[str, Any]) -> str:
    if not last:
        return ""
    compared = actual_against(last["rto_seconds"], last["rto_from"], last["rto_target_seconds"])
    return f" Last {last['mode']}, epoch {last['epoch']}: {compared.detail}"
