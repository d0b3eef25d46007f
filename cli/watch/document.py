"""What `watch --json` writes: cli/schemas/watch.schema.json."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from pilot_light_client.timestamps import text

from cli.watch.run import conditions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from cli.watch.happenings import Visit
    from cli.watch.run import Run
    from cli.watch.verdict import Verdict

_CONDITION = ("name", "required", "met", "observed", "detail")


def document(
    run: Run,
    verdict: Verdict,
    *,
    arn: str,
    mode: str | None,
    started: datetime | None,
    left_out: int,
    problems: Sequence[str],
) -> dict[str, Any]:
    """Return the document of a run that was watched."""
    ended = run.end.at if run.end else None
    return {
        "version": 1,
        "execution": arn,
        "machine": arn.split(":")[6],
        "region": arn.split(":")[3],
        "mode": mode,
        "status": verdict.status,
        "outcome": verdict.outcome,
        "verdict": verdict.rehearsal,
        "summary": verdict.summary,
        "started_at": _text(started),
        "ended_at": _text(ended),
        "seconds": _between(started, ended),
        "states": [_state(visit) for visit in run.visits],
        "events_left_out": left_out,
        "conditions": [_condition(c) for c in conditions(run.decision)],
        "report": verdict.report,
        "next": verdict.next,
        "problems": list(problems),
        "exit_code": verdict.exit_code,
    }


def _state(visit: Visit) -> dict[str, Any]:
    return {
        "name": visit.name,
        "depth": visit.depth,
        "entered_at": _text(visit.entered_at),
        "seconds": _between(visit.entered_at, visit.left_at),
        "attempts": visit.attempts,
        "errors": visit.errors,
    }


def _condition(condition: Mapping[str, Any]) -> dict[str, Any]:
    return {name: condition.get(name) for name in _CONDITION}


def _text(at: datetime | None) -> str | None:
    return text(at.astimezone(UTC)) if at else None


def _between(begin: datetime | None, end: datetime | None) -> float | None:
    return round((end - begin).total_seconds(), 3) if begin and end else None
