"""What happened in a run, as lines. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cli.watch.happenings import Answered, Entered, Failed, Judged
from cli.watch.words import JUDGEMENT, NOT_WRITTEN, STATES, failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from cli.watch.happenings import Happening, Left
    from cli.watch.run import Run

# A state that took longer gets a line for its end, and so does one that was tried again.
LONG = 5.0
_ACTIONS = {
    "promote": "promotes",
    "rehearse": "rehearses the promotion",
    "hold": "holds",
    "end_hold": "does not promote",
    "proceed": "goes on with the move",
    "refuse": "refuses the move",
}
_REFUSALS = ("hold", "refuse")


@dataclass(frozen=True)
class Line:
    """One line. `label` is a state's name, or *met* or *UNMET*; `depth` indents it."""

    at: datetime | None
    label: str
    text: str
    style: str = ""
    depth: int = 0


class Lines:
    """Which happenings are shown, and how. In a hold only what changes is."""

    def __init__(self, run: Run, *, every_state: bool = False) -> None:
        self._run, self._every_state = run, every_state
        self._holds = False

    def of(self, happened: Iterable[Happening]) -> list[Line]:
        """Return the lines of what happened."""
        return [line for one in happened for line in self._of(one)]

    def _of(self, one: Happening) -> list[Line]:
        if isinstance(one, Judged):
            return self._judged(one)
        if isinstance(one, Answered):
            return [Line(one.at, "", one.detail)]
        if not self._shown(one):
            return []
        if isinstance(one, Entered):
            visit = one.visit
            return [Line(one.at, visit.name, STATES.get(visit.name, ""), depth=visit.depth)]
        return self._failed(one) if isinstance(one, Failed) else self._left(one)

    def _shown(self, one: Entered | Failed | Left) -> bool:
        """Return whether a line of a state is shown. A failure is, of whichever state it is."""
        if self._every_state:
            return True
        if self._holds and one.visit.name in JUDGEMENT:
            return False
        return one.visit.name in STATES or isinstance(one, Failed)

    def _failed(self, one: Failed) -> list[Line]:
        visit = one.visit
        if one.again and not self._every_state:
            # The line for its end counts the attempts.
            return []
        text = failure(visit.name, one.error, one.cause)
        style = "" if text == NOT_WRITTEN.get(visit.name) else "failed"
        return [Line(one.at, visit.name, text, style, visit.depth)]

    def _left(self, one: Left) -> list[Line]:
        visit = one.visit
        seconds = visit.seconds(one.at)
        if visit.attempts == 1 and (seconds < LONG or visit.name == "WaitToJudgeAgain"):
            return []
        attempts = f" and {visit.attempts} attempts" if visit.attempts > 1 else ""
        return [Line(one.at, visit.name, f"over after {seconds:.1f} s{attempts}", "", visit.depth)]

    def _judged(self, one: Judged) -> list[Line]:
        held, self._holds = self._holds, one.action == "hold"
        if held and not (one.new or one.changed or self._every_state):
            return []
        again = f", judgement {one.before + 1}" if one.before else ""
        does = _ACTIONS.get(one.action, one.action)
        # The summary of these repeats each unmet condition, which has its line.
        refused = one.action in _REFUSALS
        because = f"; unmet: {', '.join(one.unmet)}" if refused else f": {one.summary}"
        decided = Line(one.at, "Decide", f"{does}{again}{because}", "decided")
        return [decided, *(condition(c) for c in one.changed)]


def condition(of: Mapping[str, Any]) -> Line:
    """Return the line of a condition."""
    word = "met" if of.get("met") is True else "UNMET" if of.get("required") else "unmet"
    advisory = "" if of.get("required") else " (advisory)"
    return Line(None, word, f"{of.get('name')}{advisory}: {of.get('detail')}", word)
