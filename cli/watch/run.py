"""A run as its history has it: the states it entered, what failed, what it decided. Pure.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from pilotlight.conditions.evidence import section

from cli.automation.running import question
from cli.watch.ends import EVENTS, by_event
from cli.watch.happenings import Answered, Entered, Failed, Judged, Left, Visit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from cli.watch.ends import End
    from cli.watch.happenings import Happening

_FIGURES = re.compile(r"[0-9][0-9TZ.:-]*")
_ENTERED, _EXITED = "StateEntered", "StateExited"
_SEVERAL = ("Parallel", "Map")


class Run:
    """One execution, as far as its events were taken."""

    def __init__(self) -> None:
        self.last_id = 0
        self.visits: list[Visit] = []
        # The machine's variables, each as it was assigned last.
        self.variables: dict[str, Any] = {}
        self.judgements = 0
        self.end: End | None = None
        self._of_event: dict[int, Visit] = {}

    @property
    def request(self) -> Mapping[str, Any]:
        """What Intake made of the input."""
        return section(self.variables, "request")

    @property
    def decision(self) -> Mapping[str, Any]:
        """The last decision."""
        return section(self.variables, "decision")

    @property
    def timeline(self) -> Mapping[str, Any]:
        """When each stage ended, by the machine's own words."""
        return section(self.variables, "timeline")

    @property
    def open(self) -> list[Visit]:
        """The states in which the run is, the newest last."""
        return [visit for visit in self.visits if visit.left_at is None]

    def take(self, events: Iterable[Mapping[str, Any]]) -> list[Happening]:
        """Take the events that are newer than those taken before, and return what happened."""
        news = sorted((e for e in events if e["id"] > self.last_id), key=lambda e: e["id"])
        happened: list[Happening] = []
        for event in news:
            happened += self._taken(event)
            self.last_id = event["id"]
        return happened

    def _taken(self, event: Mapping[str, Any]) -> list[Happening]:
        kind, at = str(event["type"]), event["timestamp"]
        if kind.endswith(_ENTERED):
            return [self._entered(event, kind.removesuffix(_ENTERED), at)]
        visit = self._of_event.get(event.get("previousEventId", 0))
        if kind.endswith(_EXITED):
            return self._exited(event, visit, at)
        if kind in EVENTS:
            self.end = by_event(kind, at, _details(event))
            return []
        if visit is None:
            return []
        self._of_event[event["id"]] = visit
        if kind == "TaskScheduled":
            visit.attempts += visit.failed
            visit.failed = False
            asked = question([event])
            visit.question = asked.text if asked else ""
        # These two have no error of their own: a task of theirs has.
        elif kind.endswith(("Failed", "TimedOut")) and not kind.startswith(_SEVERAL):
            return [_failed(visit, at, _details(event), kind)]
        return []

    def _entered(self, event: Mapping[str, Any], kind: str, at: datetime) -> Entered:
        came_from = self._of_event.get(event.get("previousEventId", 0))
        depth = came_from.depth if came_from else 0
        if came_from and came_from.kind in _SEVERAL and came_from.left_at is None:
            depth += 1
        visit = Visit(event["stateEnteredEventDetails"]["name"], kind, at, depth)
        self.visits.append(visit)
        self._of_event[event["id"]] = visit
        return Entered(visit, at)

    def _exited(
        self, event: Mapping[str, Any], visit: Visit | None, at: datetime
    ) -> list[Happening]:
        details = event["stateExitedEventDetails"]
        # What leads to the exit of a Parallel is the last event of a branch.
        if visit is None or visit.name != details["name"]:
            visit = next((v for v in reversed(self.open) if v.name == details["name"]), None)
        before, assigned = dict(self.decision), _assigned(details)
        self.variables |= assigned
        happened: list[Happening] = []
        if visit:
            visit.left_at = at
            for inner in self.open:
                # A branch that was cut off leaves no state.
                if inner.depth > visit.depth and visit.kind in _SEVERAL:
                    inner.left_at = at
            self._of_event[event["id"]] = visit
            happened.append(Left(visit, at))
        if details["name"] == "Decide" and "action" in section(assigned, "decision"):
            happened.append(self._judged(before, at))
        answer = section(assigned, "approval") if details["name"] == "ReadAnswer" else {}
        if answer:
            happened.append(Answered(at, str(answer.get("detail", ""))))
        return happened

    def _judged(self, before: Mapping[str, Any], at: datetime) -> Judged:
        decision = self.decision
        known = {c.get("name"): c for c in conditions(before)}
        changed = tuple(c for c in conditions(decision) if _differs(c, known.get(c.get("name"))))
        self.judgements += 1
        action = str(decision.get("action"))
        return Judged(
            at,
            action,
            str(decision.get("summary", "")),
            changed,
            self.judgements - 1,
            action != before.get("action"),
            tuple(str(c.get("name")) for c in conditions(decision) if unmet(c)),
        )


def conditions(decision: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the conditions of a decision."""
    found = decision.get("conditions")
    return [c for c in found if isinstance(c, dict)] if isinstance(found, list) else []


def unmet(condition: Mapping[str, Any]) -> bool:
    """Return whether a condition keeps the run from going on."""
    return condition.get("required") is True and condition.get("met") is not True


def _differs(condition: Mapping[str, Any], before: Mapping[str, Any] | None) -> bool:
    """Return whether a condition is another one. Figures alone, such as seconds, do not count."""

    def worded(of: Mapping[str, Any]) -> tuple[Any, ...]:
        text = _FIGURES.sub("", str(of.get("detail")))
        return of.get("met"), of.get("required"), of.get("observed"), text

    return before is None or worded(condition) != worded(before)


def _assigned(details: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables that a state assigned. Each is JSON in a string."""
    return {n: _value(v) for n, v in section(details, "assignedVariables").items()}


def _value(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        # An engine that does not escape the text of a string.
        return str(text).removeprefix('"').removesuffix('"')


def _details(event: Mapping[str, Any]) -> Mapping[str, Any]:
    return next((v for k, v in event.items() if k.endswith("EventDetails")), {})


def _failed(visit: Visit, at: datetime, details: Mapping[str, Any], kind: str) -> Failed:
    error, cause = str(details.get("error") or kind), str(details.get("cause") or "")
    again = error in visit.errors
    visit.failed = True
    visit.errors.append(error)
    return Failed(visit, at, error, cause, again)
