"""A run that was aborted, by a stop or a time limit: what its last event shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pilot_light_client import timestamps

from pilotlight.conditions.evidence import read_json, section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pilotlight.rehearsal.verdict import Verdict

OUTCOMES = {"ABORTED": "stopped", "TIMED_OUT": "timed_out"}
HOW = {"ABORTED": "The run was stopped", "TIMED_OUT": "The run reached its time limit"}


@dataclass(frozen=True)
class AbortedRehearsal:
    """A rehearsal that recorded no verdict by itself."""

    execution: str
    started_at: str
    outcome: str
    reason: str
    trigger: str
    summary: str
    verdict: Verdict = "INCONCLUSIVE"


def rehearsal(detail: Mapping[str, Any]) -> AbortedRehearsal | None:
    """Return the rehearsal that was aborted; None if the run was none, or ended by itself.

    Parameters
    ----------
    detail
        Of a `Step Functions Execution Status Change` event. It omits a large `input`, which a
        rehearsal's is not, and `error` and `cause` may be absent or null.
    """
    status, request = detail["status"], read_json(detail.get("input"), {})
    if status not in OUTCOMES or request.get("mode") != "rehearsal":
        return None
    times = (timestamps.try_from_number(detail.get(n), 1000) for n in ("startDate", "stopDate"))
    started = next(filter(None, times), datetime.fromtimestamp(0, UTC))
    cause = ": ".join(str(detail[key]) for key in ("error", "cause") if detail.get(key))
    return AbortedRehearsal(
        execution=detail["executionArn"],
        started_at=timestamps.text(started),
        outcome=OUTCOMES[status],
        reason=str(request.get("reason", "unknown")),
        trigger="schedule" if request.get("scheduled") is True else "manual",
        summary=f"Nothing is proven. {HOW[status]} before its end{f', {cause}' if cause else ''}.",
    )


def holds(detail: Mapping[str, Any]) -> bool:
    """Return whether a person stopped a failover, or rejected it: nothing repeats it then."""
    if read_json(detail.get("input"), {}).get("mode") == "rehearsal":
        return False
    decision = section(read_json(detail.get("output"), {}), "decision")
    return detail["status"] == "ABORTED" or decision.get("ended_by") == "rejected"
