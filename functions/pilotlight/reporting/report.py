"""The report of one run: what happened, how long it took, on what grounds, and what it left.

What the report of a drill in the lab has as well has the same name there, so that one reader reads
both (functions/report/report.schema.json).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from pilot_light_client import timestamps
from pilot_light_client.choice import choice
from pilot_light_client.timestamps import try_parse

from pilotlight.conditions.evidence import section, sections
from pilotlight.recoveries import rto
from pilotlight.shared import contract

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["failover", "drill", "rehearsal", "switchover", "failback"]
# The stage that a timestamp of the timeline ends. Any other is named after its timestamp.
STAGES = {
    "started_at": ("detection", "From the first failed probe to the start of the machine."),
    "decided_at": ("decision", "Evidence was gathered and judged, holds included."),
    "rehearsed_at": ("rehearsed promotion", "The promotion's write was proven and not made."),
    "drained_at": ("drain", "The active Region stopped taking writes of its own."),
    "proven_at": ("proof", "The Regions' journals were compared; the proof counts the entries."),
    "promoted_at": ("promotion", "The conditional write that changes who is active."),
    "served_at": ("lease", "The other Region's last writes ended; writes are served from here on."),
    "traffic_confirmed_at": ("traffic", "Until DNS and the public name led to the new Region."),
}
WELL = {"promoted", "switched_over"}
PARTS = ("traffic", "approval", "drain", "proof", "hooks", "failure")
RTO_MEANS = (
    "From the first failed probe, or the start of the run where that was earlier, to confirmed "
    "traffic, when reads and writes are both served. Users may have read earlier: only their "
    "clients know."
)
NO_RTO = "Nothing was recovered from, or the first failed probe is not known."


class InvalidReport(Exception):
    """The run to be reported has no valid kind, execution or start."""


@dataclass(frozen=True)
class Deployed:
    """The deployment of the run."""

    primary: str
    secondary: str
    public_name: str
    level: int
    rto_target: float


def prefix(run: Mapping[str, Any]) -> str:
    """Return the prefix under which the reports of a run are stored.

    Raises
    ------
    InvalidReport
        The kind is unknown, or the execution or the start is missing.
    """
    execution = str(run.get("execution", "")).rsplit(":", 1)[-1]
    if not execution:
        raise InvalidReport(f"The execution {run.get('execution')!r} is no ARN of an execution.")
    # A name may have characters that mean something in a key, such as + and =.
    return f"reports/{_kind(run)}/{_started(run):%Y%m%dT%H%M%SZ}-{quote(execution, safe='')}"


def report(run: Mapping[str, Any], where: Deployed, now: datetime) -> dict[str, Any]:
    """Return the report of a run that has ended.

    Parameters
    ----------
    run
        What the machine knows: `kind`, `execution`, `outcome`, `summary`, `request`, `timeline`
        with `started_at`, and as far as they exist `control`, `decision`, `evidence`, `traffic`,
        `epoch`, `verdict`, `forecast`, `drain`, `proof`, `hooks`, `failure`.
    now
        When the run ended.

    Raises
    ------
    InvalidReport
        See `prefix`.
    """
    kind, started, outcome = _kind(run), _started(run), str(run.get("outcome", "none"))
    decision = section(run, "decision")
    estimate = section(decision, "rpo_estimate")
    first = _utc(estimate.get("first_failed_at")) if kind in ("failover", "drill") else None
    timeline = _timeline(run, min(first or started, started))
    confirmed = [m["at"] for m in timeline if m["state"] == "traffic_confirmed_at"]
    recovered = first is not None and outcome == "promoted" and bool(confirmed)
    return {
        "version": 1,
        "contract_level": where.level,
        "id": f"{started:%Y%m%dT%H%M%SZ}",
        "kind": kind,
        "started_at": timestamps.text(started),
        "ended_at": timestamps.text(now),
        "verdict": _verdict(kind, outcome, run.get("verdict")),
        "outcome": outcome,
        "summary": str(run.get("summary", "")),
        "rto_seconds": confirmed[-1] if recovered else None,
        "rto_detail": RTO_MEANS if recovered else NO_RTO,
        **_target(kind, run, where, confirmed[-1] if recovered else None, timeline[0]["what"]),
        "rpo_seconds": None,
        "rpo_detail": contract.loss(where.level) if outcome == "promoted" else "",
        "rpo_estimate_seconds": estimate.get("seconds"),
        "rpo_estimate_detail": str(estimate.get("detail", "There is no estimate.")),
        "stages": _stages(timeline),
        "checks": [_check(c) for c in sections(decision, "conditions")],
        "regions": {"primary": where.primary, "secondary": where.secondary},
        "public_name": where.public_name,
        "timeline": timeline,
        "request": dict(section(run, "request")),
        "control": {"before": section(run, "control") or None, "after": _after(run, where)},
        **{name: section(run, name) or None for name in PARTS},
        "evidence": {
            "execution": run["execution"],
            "decision": dict(decision),
            "checks": dict(section(run, "evidence")),
        },
    }


def _kind(run: Mapping[str, Any]) -> Kind:
    kind: Kind = choice("kind", run.get("kind"), Kind, InvalidReport)
    return kind


def _started(run: Mapping[str, Any]) -> datetime:
    started = _utc(section(run, "timeline").get("started_at"))
    if started is None:
        raise InvalidReport("The timeline has no started_at, a time such as 2026-01-31T12:00:00Z.")
    return started


def _verdict(kind: Kind, outcome: str, rehearsed: object) -> str:
    """Return whether the run did what it was started for, in the words of the lab's report."""
    if outcome == "failed":
        return "fail"
    if kind == "rehearsal":
        return {"PASS": "pass", "FAIL": "fail"}.get(str(rehearsed), "inconclusive")
    return "pass" if outcome in WELL else "inconclusive"


def _target(
    kind: Kind, run: Mapping[str, Any], where: Deployed, actual: float | None, first: str
) -> dict[str, Any]:
    """Return the target beside a rehearsal's forecast, or beside what a recovery took.

    `first` is what the timeline begins with, and so the recovery too.
    """
    forecast, target = section(run, "forecast"), where.rto_target
    compared = rto.Comparison(None, "")
    if kind == "rehearsal":
        compared = rto.forecast_against(forecast, target)
    elif kind in ("failover", "drill"):
        source = "start of the run" if first == "started" else first
        compared = rto.actual_against(actual, source, target)
    return {
        "rto_target_seconds": None if kind in ("switchover", "failback") else target,
        "rto_target_detail": compared.detail,
        "within_target": compared.within,
        "rto_forecast": dict(forecast) if kind == "rehearsal" else None,
    }


def _after(run: Mapping[str, Any], where: Deployed) -> dict[str, Any] | None:
    """Return the control item at the end, or None if the run cannot know it."""
    after = section(run, "control_after")
    if not after and not run.get("failure"):
        after = section(run, "control")
        if run.get("outcome") == "promoted":
            after = {
                "active_region": where.secondary,
                "epoch": run.get("epoch"),
                "state": "serving",
            }
    return dict(after) or None


def _timeline(run: Mapping[str, Any], origin: datetime) -> list[dict[str, Any]]:
    """Return the timestamps of the timeline in order, in seconds from the first of them."""
    moments = [(at, key) for key, text in section(run, "timeline").items() if (at := _utc(text))]
    named = [(at, key, key.removesuffix("_at").replace("_", " ")) for at, key in moments]
    if origin < min(at for at, _ in moments):
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


def _stages(timeline: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the stages between the timestamps, without gaps."""
    stages = []
    for before, after in pairwise(timeline):
        name, detail = STAGES.get(after["state"], (after["what"], ""))
        seconds = round(after["at"] - before["at"], 3)
        stages.append(
            {
                "name": name,
                "seconds": seconds,
                "wall_seconds": seconds,
                "starts_at": before["at"],
                "modelled": False,
                "detail": detail,
            }
        )
    return stages


def _check(condition: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": str(condition.get("name")),
        "passed": condition.get("met") is True,
        "detail": str(condition.get("detail", "")),
        "required": condition.get("required") is not False,
        "observed": condition.get("observed") is not False,
    }


def _utc(text: object) -> datetime | None:
    at = try_parse(text)
    return at.astimezone(UTC) if at else None
