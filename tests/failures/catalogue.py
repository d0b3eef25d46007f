"""All cases, by machine; what the definitions hold; and the little of it that the lab cannot reach.

Where a machine may end is read from its definition and from the decisions that it follows, so that
a new end without a case fails a test, as a new task does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

from pilotlight.failover import approval, decision
from pilotlight.rehearsal import verdict as rehearsal

from tests.failures import emergency, failover, failover_outcomes, switchover

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.template.definitions import Definition

CASES = {
    "failover": failover.CASES,
    "switchover": switchover.CASES,
    "emergency": emergency.CASES,
}
OUTCOMES = {
    "failover": failover_outcomes.OUTCOMES,
    "switchover": switchover.OUTCOMES,
    "emergency": emergency.OUTCOMES,
}
COUNT = sum(map(len, CASES.values())) + sum(map(len, OUTCOMES.values()))

# States that no case enters, by machine and name, each with the reason.
UNREACHED = {
    ("switchover", "CompareOn"): "It takes fifty thousand writes, or eight seconds of comparing.",
}
_QUOTED = re.compile(r"'([A-Za-z]+)'")


def catchers(known: Definition) -> set[tuple[str, str]]:
    """Every way in which a task of a machine may fail: the state, and what its catcher names.

    Where a catcher names several errors, they are spellings of one.
    """
    return {
        (name, caught["ErrorEquals"][0])
        for name, task in known.tasks.items()
        for caught in task["Catch"]
    }


def ends(known: Definition) -> set[str]:
    """Every end of a machine: outcomes, errors of a failure, and what is told of a hold."""
    found = set(_words(known.states, "outcome")) - {"none", "failed"}
    failures = set(_words(known.states, "Error"))
    for state in known.states.values():
        if state["Type"] == "Fail":
            # The error is one of those that are written out, or the one that was noted.
            found |= set(_QUOTED.findall(state["Error"])) or failures
    if known.name == "failover":
        ended_by = {*get_args(decision.EndedBy), *get_args(approval.EndedBy)} - {"rehearsal"}
        verdicts = set(get_args(rehearsal.Verdict)) - {"PASS"}
        found |= {f"held: {why}" for why in ended_by | verdicts} | {"rehearsed: PASS"}
    return found


def _words(states: dict[str, Any], key: str) -> Iterator[str]:
    """What the definition itself writes under a key of an Assign or an Output."""
    for state in states.values():
        given = [state, *state.get("Catch", []), *state.get("Choices", [])]
        for part in (p.get(kind) for p in given for kind in ("Assign", "Output")):
            if isinstance(part, dict):
                for found in (part, part.get("failure")):
                    word = found.get(key) if isinstance(found, dict) else None
                    if isinstance(word, str) and not word.startswith("{%"):
                        yield word


def tried(machine: str) -> set[tuple[str, str]]:
    """The failures of which a machine's cases are."""
    return {way for case in CASES[machine] for way in case.tries}
