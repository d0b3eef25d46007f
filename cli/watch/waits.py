"""What a run waits for, until when, and what happens then. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pilot_light_client.timestamps import try_parse

from cli.watch.words import STATES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cli.watch.happenings import Visit
    from cli.watch.run import Run

# Constants of the machines: template.yaml hands them over (DefinitionSubstitutions).
HOLD_RETRY_SECONDS, DRAIN_SECONDS = 15, 60
# The most retries of the error that means "not yet", by state. The first attempt comes before.
RETRIES = {"ConfirmTraffic": 300, "ProveUpToNow": 60, "Prove": 15}
LOCK_POLL_SECONDS, BEACON_SECONDS, COMPARE_SECONDS = 5, 1, 1
TABLE_SILENT_SECONDS = 30
_SEVERAL = ("Parallel", "Map")


@dataclass(frozen=True)
class Waiting:
    """What a state does or waits for, until when at the latest, and what follows."""

    state: str
    what: str
    since: datetime
    until: datetime | None = None
    then: str = ""
    # Whether only a person, or the end of a hold, ends it: past runs say nothing about that.
    for_people: bool = False


def waiting(run: Run, parameters: Mapping[str, str]) -> Waiting | None:
    """Return what a run waits for, or None if no state is open."""
    if not run.open:
        return None
    visit = run.open[-1]
    if visit.depth:
        # Branches run side by side: the outermost state says it of all of them.
        visit = next(v for v in run.open if v.depth == 0 or v is visit)
    special = _SPECIAL.get(visit.name)
    if special:
        return special(run, visit, parameters)
    if visit.kind in _SEVERAL:
        inner = ", ".join(dict.fromkeys(v.name for v in run.open if v.depth and v.kind == "Task"))
        what = f"waits for {inner}" if inner else "waits for its branches"
        return Waiting(visit.name, what, visit.entered_at)
    what = STATES.get(visit.name, "")
    most = RETRIES.get(visit.name)
    if most:
        what += f"; attempt {visit.attempts} of {most + 1}"
    return Waiting(visit.name, what, visit.entered_at)


# As the machine asks: what is deployed may be another than what samconfig.toml says.
_UNTIL = re.compile(r"Answer before ([0-9TZ.:-]*[0-9Z])\. Without an answer (it .*)\.")


def _number(parameters: Mapping[str, str], *names: str) -> timedelta:
    return timedelta(seconds=sum(float(parameters[name]) for name in names))


def _approval(_run: Run, visit: Visit, _parameters: Mapping[str, str]) -> Waiting:
    what = "waits for a person's answer: pilot-light approve, or reject"
    asked = _UNTIL.search(visit.question)
    until = try_parse(asked[1]) if asked else None
    then = f"without one {asked[2]}" if asked else "its message says until when"
    return Waiting(visit.name, what, visit.entered_at, until, then, for_people=True)


def _hold(run: Run, visit: Visit, parameters: Mapping[str, str]) -> Waiting:
    until = visit.entered_at + timedelta(seconds=HOLD_RETRY_SECONDS)
    unmet = ", ".join(str(name) for name in run.decision.get("unmet", []))
    what = f"waits to judge again; unmet: {unmet}" if unmet else "waits to judge again"
    held = try_parse(run.variables.get("holdStartedAt"))
    ends = held + _number(parameters, "HoldDeadlineSeconds") if held else None
    then = f"the hold ends at {clock(ends)}" if ends else ""
    return Waiting(visit.name, what, visit.entered_at, until, then, for_people=True)


def _lease(run: Run, visit: Visit, parameters: Mapping[str, str]) -> Waiting:
    until = visit.entered_at + _number(parameters, "FenceSeconds", "MaxWriteSeconds")
    what = "waits for the end of the other Region's last writes (FenceSeconds + MaxWriteSeconds)"
    return Waiting(visit.name, what, visit.entered_at, until)


def _drained(run: Run, visit: Visit, parameters: Mapping[str, str]) -> Waiting:
    """Return the wait of a state inside the drain, which ends by itself."""
    begun = try_parse(run.timeline.get("drained_at")) or visit.entered_at
    ends = begun + _number(parameters, "MaxWriteSeconds") + timedelta(seconds=DRAIN_SECONDS)
    then = f"a keeper ends the drain after {clock(ends)}"
    if visit.name == "LetWritesEnd":
        lease = _lease(run, visit, parameters)
        return Waiting(
            visit.name, "waits for the end of the last writes", lease.since, lease.until, then
        )
    what = f"{STATES[visit.name]}; users' writes wait"
    if visit.name in RETRIES:
        what += f"; attempt {visit.attempts} of {RETRIES[visit.name] + 1}"
    return Waiting(visit.name, what, visit.entered_at, None, then)


def _table(run: Run, visit: Visit, parameters: Mapping[str, str]) -> Waiting:
    asked = next((v.entered_at for v in run.visits if v.name == "ReadRequest"), visit.entered_at)
    until = asked + timedelta(seconds=TABLE_SILENT_SECONDS)
    what = "waits for an answer of the control table, which would make the last resort needless"
    return Waiting(visit.name, what, visit.entered_at, until)


def _seconds(seconds: int, what: str) -> Callable[[Run, Visit, Mapping[str, str]], Waiting]:
    def waits(_run: Run, visit: Visit, _parameters: Mapping[str, Any]) -> Waiting:
        until = visit.entered_at + timedelta(seconds=seconds)
        return Waiting(visit.name, what, visit.entered_at, until)

    return waits


_SPECIAL: dict[str, Callable[[Run, Visit, Mapping[str, str]], Waiting]] = {
    "AskApproval": _approval,
    "WaitToJudgeAgain": _hold,
    "WaitOutLease": _lease,
    "LetWritesEnd": _drained,
    "ReconcileInDrain": _drained,
    "Prove": _drained,
    "AskTable": _table,
    "WaitForTable": _table,
    "LetTheBeaconFollow": _seconds(
        BEACON_SECONDS, "waits for Route 53's checkers, who see it later"
    ),
    "AwaitSwitchover": _seconds(
        LOCK_POLL_SECONDS, "waits for the end of a planned move, which has the lock, and asks again"
    ),
    "CompareOn": _seconds(COMPARE_SECONDS, "waits to compare the journals again"),
}


def clock(at: datetime) -> str:
    """Return a time of day in UTC."""
    return f"{at.astimezone(UTC):%H:%M:%SZ}"
