"""The report of one run: what happened, how long it took, on what grounds, and what it left.

Where the report of a drill in the lab tells the same thing, the name is the same, so that one
reader reads both (functions/report/report.schema.json).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Literal, get_args

from pilotlight.shared import timestamps

Kind = Literal["failover", "drill", "rehearsal", "switchover", "failback"]
# What a moment of the timeline ends. Another one is called by its own name.
STAGES = {
    "decided_at": ("decision", "Evidence was gathered and judged, holds included."),
    "rehearsed_at": ("rehearsed promotion", "The promotion's write was proven and not made."),
    "drained_at": ("drain", "The active Region stopped taking writes of its own."),
    "proven_at": ("proof", "The target was shown to hold every acknowledged write."),
    "promoted_at": ("promotion", "The conditional write that changes who is active."),
    "served_at": ("lease", "The other Region's last writes ended; writes are served from here on."),
    "traffic_confirmed_at": ("traffic", "Until DNS and the public name led to the new Region."),
}
WELL = {"promoted", "switched_over"}
RTO_MEANS = (
    "From the first failed probe, or the start of the run where that was earlier, to confirmed "
    "traffic, when reads and writes are both served. Users may have read earlier: only their "
    "clients know."
)
NO_RTO = "Nothing was recovered from, or the first failed probe is not known."
RPO_MEANS = "The journal tells what was lost, once the other Region is back."


class InvalidReport(Exception):
    """What is to be reported does not say what it is of."""


@dataclass(frozen=True)
class Deployed:
    """Where the run took place."""

    primary: str
    secondary: str
    public_name: str


def place(told: Mapping[str, Any]) -> str:
    """Return the prefix under which the reports of a run are kept.

    Raises
    ------
    InvalidReport
        The kind is unknown, or the execution or the start is missing.
    """
    execution = str(told.get("execution", "")).rsplit(":", 1)[-1]
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,80}", execution):
        raise InvalidReport(f"The execution {told.get('execution')!r} is no ARN of an execution.")
    return f"reports/{_kind(told)}/{_started(told):%Y%m%dT%H%M%SZ}-{execution}"


def report(told: Mapping[str, Any], where: Deployed, now: datetime) -> dict[str, Any]:
    """Return the report of a run that has ended.

    Parameters
    ----------
    told
        What the machine knows: `kind`, `execution`, `outcome`, `summary`, `request`, `timeline`
        with `started_at`, and as far as they exist `control`, `decision`, `evidence`, `traffic`,
        `epoch`, `verdict`, `drain`, `proof`, `failure`.
    now
        When the run ended.

    Raises
    ------
    InvalidReport
        See `place`.
    """
    kind, started, outcome = _kind(told), _started(told), str(told.get("outcome", "none"))
    decision, evidence = _mapping(told, "decision"), _mapping(told, "evidence")
    estimate = _mapping(decision, "rpo_estimate")
    first = _moment(estimate.get("first_failed_at")) if kind in ("failover", "drill") else None
    passages = _moments(told, min(first or started, started))
    confirmed = [p["at"] for p in passages if p["state"] == "traffic_confirmed_at"]
    recovered = first is not None and outcome == "promoted" and bool(confirmed)
    return {
        "version": 1,
        "id": f"{started:%Y%m%dT%H%M%SZ}",
        "kind": kind,
        "started_at": timestamps.text(started),
        "ended_at": timestamps.text(now),
        "verdict": _verdict(kind, outcome, told.get("verdict")),
        "outcome": outcome,
        "summary": str(told.get("summary", "")),
        "rto_seconds": confirmed[-1] if recovered else None,
        "rto_detail": RTO_MEANS if recovered else NO_RTO,
        "rpo_seconds": None,
        "rpo_detail": RPO_MEANS if outcome == "promoted" else "",
        "rpo_estimate_seconds": _number(estimate.get("seconds")),
        "rpo_estimate_detail": str(estimate.get("detail", "There is no estimate.")),
        "stages": _stages(passages),
        "checks": [_check(c) for c in _list(decision, "conditions")],
        "regions": {"primary": where.primary, "secondary": where.secondary},
        "public_name": where.public_name,
        "timeline": passages,
        "request": dict(_mapping(told, "request")),
        "control": {"before": _mapping(told, "control") or None, "after": _after(told, where)},
        "traffic": _mapping(told, "traffic") or None,
        "approval": _mapping(told, "approval") or None,
        "drain": _mapping(told, "drain") or None,
        "proof": _mapping(told, "proof") or None,
        "failure": _mapping(told, "failure") or None,
        "evidence": {
            "execution": told["execution"],
            "decision": dict(decision),
            "checks": dict(evidence),
        },
    }


def _kind(told: Mapping[str, Any]) -> Kind:
    for known in get_args(Kind):
        if told.get("kind") == known:
            return known  # type: ignore[no-any-return]
    raise InvalidReport(f"The kind {told.get('kind')!r} is none of {', '.join(get_args(Kind))}.")


def _started(told: Mapping[str, Any]) -> datetime:
    found = _moment(_mapping(told, "timeline").get("started_at"))
    if found is None:
        raise InvalidReport("The timeline has no started_at, a time such as 2026-01-31T12:00:00Z.")
    return found


def _verdict(kind: Kind, outcome: str, given: Any) -> str:
    """Say whether the run did what it was started for, in the words of the lab's report."""
    if outcome == "failed":
        return "fail"
    if kind == "rehearsal":
        return {"PASS": "pass", "FAIL": "fail"}.get(str(given), "inconclusive")
    return "pass" if outcome in WELL else "inconclusive"


def _after(told: Mapping[str, Any], where: Deployed) -> dict[str, Any] | None:
    """Return what the control item said at the end, or None where the run cannot know it."""
    given = _mapping(told, "control_after")
    if given or told.get("failure"):
        return dict(given) or None
    if told.get("outcome") == "promoted":
        return {
            "active_region": where.secondary,
            "epoch": told.get("epoch"),
            "state": "serving",
        }
    return dict(_mapping(told, "control")) or None


def _moments(told: Mapping[str, Any], origin: datetime) -> list[dict[str, Any]]:
    """Return the moments of the timeline in order, in seconds from the first of them."""
    timeline = _mapping(told, "timeline")
    found = [(at, key) for key in timeline if (at := _moment(timeline[key])) is not None]
    named = [(at, key, key.removesuffix("_at").replace("_", " ")) for at, key in found]
    if origin < min(at for at, _ in found):
        named.append((origin, "first_failed_at", "first failed probe"))
    return [
        {
            "at": round((at - origin).total_seconds(), 3),
            "time": timestamps.text(at),
            "what": what,
            "state": key,
        }
        for at, key, what in sorted(named)
    ]


def _stages(passages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what lies between the moments, without gaps."""
    found = []
    for before, after in pairwise(passages):
        what, detail = STAGES.get(after["state"], (after["what"], ""))
        if after["state"] == "started_at":
            what, detail = "detection", "From the first failed probe to the start of the machine."
        seconds = round(after["at"] - before["at"], 3)
        found.append(
            {
                "name": what,
                "seconds": seconds,
                "wall_seconds": seconds,
                "starts_at": before["at"],
                "modelled": False,
                "detail": detail,
            }
        )
    return found


def _check(condition: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": str(condition.get("name")),
        "passed": condition.get("met") is True,
        "detail": str(condition.get("detail", "")),
        "required": condition.get("required") is not False,
        "observed": condition.get("observed") is not False,
    }


def _mapping(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = given.get(name)
    return found if isinstance(found, Mapping) else {}


def _list(given: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = given.get(name)
    return [f for f in found if isinstance(f, Mapping)] if isinstance(found, list) else []


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _moment(value: Any) -> datetime | None:
    try:
        return timestamps.parse(value).astimezone(UTC)
    except (TypeError, ValueError):
        return None
