"""How an execution ended, and what its input asked for, as Step Functions has them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pilotlight.conditions.evidence import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

EVENTS = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionAborted": "ABORTED",
    "ExecutionTimedOut": "TIMED_OUT",
}


@dataclass(frozen=True)
class End:
    """How an execution ended, as DescribeExecution or its last event has it."""

    status: str
    at: datetime
    output: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    cause: str = ""


def by_event(kind: str, at: datetime, details: Mapping[str, Any]) -> End:
    """Return how an execution ended by the type, time and details of its last event."""
    error, cause = str(details.get("error") or ""), str(details.get("cause") or "")
    return End(EVENTS[kind], at, read_json(details.get("output"), {}), error, cause)


def end_of(description: Mapping[str, Any]) -> End | None:
    """Return how an execution ended by DescribeExecution, or None while it runs."""
    if description["status"] in ("RUNNING", "PENDING_REDRIVE"):
        return None
    return End(
        description["status"],
        description.get("stopDate") or description["startDate"],
        read_json(description.get("output"), {}),
        str(description.get("error") or ""),
        str(description.get("cause") or ""),
    )


def mode_of(text: object) -> str | None:
    """Return the mode that an execution's input asks for, or None."""
    request = read_json(text, {})
    mode = request.get("mode") or request.get("action")
    return mode if isinstance(mode, str) else None
