"""A run that was cut off, by a stop or a time limit: what its last event tells of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pilotlight.shared import timestamps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pilotlight.rehearsal.verdict import Verdict

OUTCOMES = {"ABORTED": "stopped", "TIMED_OUT": "timed_out"}
HOW = {"ABORTED": "The run was stopped", "TIMED_OUT": "The run ran into its time limit"}


@dataclass(frozen=True)
class CutOffRehearsal:
    """A rehearsal that kept no verdict by itself."""

    execution: str
    started_at: str
    outcome: str
    reason: str
    trigger: str
    summary: str
    verdict: Verdict = "INCONCLUSIVE"


def rehearsal(detail: Mapping[str, Any]) -> CutOffRehearsal | None:
    """Return the rehearsal that was cut off; None where the run was none, or ended by itself.

    Parameters
    ----------
    detail
        Of a `Step Functions Execution Status Change` event. Its `input` is left out where it is
        large, which a rehearsal's is not, and `error` and `cause` may be absent or null.
    """
    status, given = detail["status"], asked(detail.get("input"))
    if status not in OUTCOMES or given.get("mode") != "rehearsal":
        return None
    said = ": ".join(str(detail[key]) for key in ("error", "cause") if detail.get(key))
    return CutOffRehearsal(
        execution=detail["executionArn"],
        started_at=timestamps.text(datetime.fromtimestamp(detail["startDate"] / 1000, UTC)),
        outcome=OUTCOMES[status],
        reason=str(given.get("reason", "unknown")),
        trigger="schedule" if given.get("scheduled") is True else "manual",
        summary=f"Nothing is proven. {HOW[status]} before its end{f', {said}' if said else ''}.",
    )


def holds(detail: Mapping[str, Any]) -> bool:
    """Return whether a person stopped a failover, or rejected it: nothing repeats it then."""
    if asked(detail.get("input")).get("mode") == "rehearsal":
        return False
    decision = asked(detail.get("output")).get("decision")
    rejected = isinstance(decision, dict) and decision.get("ended_by") == "rejected"
    return detail["status"] == "ABORTED" or rejected


def asked(text: Any) -> Mapping[str, Any]:
    """Return an input or an output of a run, empty where it is left out or no object."""
    try:
        found = json.loads(text or "null")
    except (TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
