"""Every message that a machine can send: its state, what the run knows then, its row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pilotlight.messages.message import KINDS

from tests.template.definitions import EMERGENCY, FAILOVER, SWITCHOVER

if TYPE_CHECKING:
    from pilotlight.messages.message import Kind

    from tests.template.definitions import Definition

FIRST_FAILED, OUTAGE_ID = "2026-01-31T12:00:05.250Z", "20260131T120005250Z"
CONDITION = {"name": "outage_confirmed", "met": False, "detail": 'The beacon is "healthy".'}


@dataclass(frozen=True)
class Case:
    """A message: who sends it from which state, of which kind, and how its run went."""

    definition: Definition
    state: str
    kind: str
    mode: str = "failover"
    outcome: str = "none"
    verdict: str = "PASS"
    # In kinds.json, where it is not called as the kind.
    name_of_row: str = ""

    def __str__(self) -> str:
        return "-".join((self.definition.name, self.state, self.kind, self.mode, self.verdict))

    @property
    def row_name(self) -> str:
        return self.name_of_row or self.kind

    @property
    def row(self) -> Kind:
        return KINDS[self.definition.name][self.row_name]

    @property
    def outage_id(self) -> str | None:
        return None if self.definition is EMERGENCY else OUTAGE_ID

    def variables(self) -> dict[str, Any]:
        """Return what the run knows when it sends the message."""
        return {
            "request": {
                "mode": self.mode,
                "reason": "it's gone",
                "trigger": "sentinel",
                "source": "us-west-2",
                "target": "us-east-2",
                "outage": {"first_failed_at": FIRST_FAILED, "attempt": 1},
            },
            "decision": {"summary": "Wait.", "conditions": [CONDITION]},
            "outcome": self.outcome,
            "verdict": self.verdict,
            "summary": "What came of it.",
            "report": "",
            "approval": {"detail": ""},
            "evidence": {},
            "hooks": {},
            "proof": {},
            "drain": {},
            "failure": {"step": "Decide", "Error": "Boom", "Cause": 'It said "no".', "hint": ""},
            "control": {"epoch": 2},
            "reason": "gone",
            "until": 1_769_860_800,
        }


def rehearsed(state: str, kind: str, outcome: str, verdict: str, row: str = "not_passed") -> Case:
    return Case(FAILOVER, state, kind, "rehearsal", outcome, verdict, row)


def moved(state: str, kind: str, mode: str = "failback") -> Case:
    return Case(SWITCHOVER, state, kind, mode, kind)


CASES = (
    Case(FAILOVER, "Announce", "started"),
    Case(FAILOVER, "Announce", "started", "drill"),
    Case(FAILOVER, "NotifyHold", "held"),
    Case(FAILOVER, "AskApproval", "approval_wanted"),
    Case(FAILOVER, "NotifyOutcome", "promoted", outcome="promoted"),
    Case(FAILOVER, "NotifyOutcome", "already_promoted", outcome="already_promoted"),
    Case(FAILOVER, "NotifyOutcome", "hold_ended", outcome="held"),
    Case(FAILOVER, "NotifyFailure", "failed"),
    Case(FAILOVER, "NotifyFailure", "failed", "unknown"),
    rehearsed("NotifyOutcome", "rehearsed", "rehearsed", "PASS", ""),
    rehearsed("NotifyOutcome", "rehearsed", "rehearsed", "INCONCLUSIVE"),
    rehearsed("NotifyOutcome", "hold_ended", "held", "FAIL"),
    rehearsed("NotifyOutcome", "already_promoted", "already_promoted", "INCONCLUSIVE"),
    # A rehearsal whose conditions were met fails at its claim.
    rehearsed("NotifyFailure", "failed", "none", "PASS"),
    moved("Announce", "started"),
    moved("NotifyOutcome", "switched_over"),
    moved("NotifyOutcome", "already_there", "switchover"),
    moved("NotifyOutcome", "refused", "switchover"),
    moved("NotifyFailure", "failed"),
    Case(EMERGENCY, "NotifyTakenOver", "taken_over", "emergency"),
    Case(EMERGENCY, "NotifyLastResort", "last_resort", "emergency"),
)
