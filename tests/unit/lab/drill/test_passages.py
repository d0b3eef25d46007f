"""What an execution's history says of the states_of through its states."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from lab.drill.observations import State
from lab.drill.watching import states_of

BEGUN = datetime(2026, 3, 14, 10, 22, 31, tzinfo=UTC)


def event(kind: str, name: str, at: float) -> dict[str, Any]:
    moment = datetime.fromtimestamp(BEGUN.timestamp() + at, UTC)
    return {"timestamp": moment, f"state{kind}EventDetails": {"name": name}}


def entered(name: str, at: float) -> dict[str, Any]:
    return event("Entered", name, at)


def exited(name: str, at: float) -> dict[str, Any]:
    return event("Exited", name, at)


def told(*events: dict[str, Any]) -> list[tuple[str, float, float]]:
    begun = BEGUN.timestamp()
    return [(s.name, s.entered - begun, s.exited - begun) for s in states_of(list(events))]


def test_a_passage_is_from_the_entry_to_the_exit() -> None:
    assert told(entered("Intake", 0), exited("Intake", 2)) == [("Intake", 0, 2)]
    assert isinstance(states_of([entered("A", 0), exited("A", 1)])[0], State)


def test_a_state_that_was_not_left_is_no_passage() -> None:
    assert told(entered("A", 0), exited("A", 1), entered("B", 1)) == [("A", 0, 1)]


def test_states_side_by_side_are_told_in_the_order_of_their_entry() -> None:
    assert told(
        entered("Gather", 0),
        entered("Confirm", 1),
        entered("Verify", 2),
        exited("Verify", 3),
        exited("Confirm", 4),
        exited("Gather", 5),
    ) == [("Gather", 0, 5), ("Confirm", 1, 4), ("Verify", 2, 3)]


def test_a_state_that_was_passed_twice_is_told_twice() -> None:
    assert told(
        entered("Judge", 0), exited("Judge", 1), entered("Judge", 30), exited("Judge", 31)
    ) == [("Judge", 0, 1), ("Judge", 30, 31)]


def test_an_exit_whose_entry_is_not_in_the_history_is_passed_over() -> None:
    assert told(exited("A", 1), entered("B", 1), exited("B", 2)) == [("B", 1, 2)]


def test_other_events_are_no_passages() -> None:
    started = {"timestamp": BEGUN, "executionStartedEventDetails": {"input": "{}"}}
    assert told(started, entered("A", 0), {"timestamp": BEGUN}, exited("A", 1)) == [("A", 0, 1)]


def test_an_empty_history_has_no_passages() -> None:
    assert states_of([]) == []
