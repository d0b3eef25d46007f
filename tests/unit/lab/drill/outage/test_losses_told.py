"""What was lost, told in three ways, and what became of writes to the returned Primary."""

from __future__ import annotations

from typing import Any

import pytest

from lab.drill.observations import Execution, Observations, State, Write, WriteByName
from lab.drill.outage import losses
from lab.drill.outage.recovery import path_calls, returned_primary_takes_no_write
from lab.drill.users.returned import returned

OUTAGE = 1000.0


def seen(**changes: Any) -> Observations:
    """A drill in which the write w2 was lost for a time."""
    states = [State(n, OUTAGE + 10, OUTAGE + 11) for n in ("Claim", "ConfirmTraffic")]
    output = {"outcome": "promoted", "decision": {"rpo_estimate": {"seconds": 9.5}}}
    run = Execution("arn", {}, "SUCCEEDED", output, OUTAGE + 5, OUTAGE + 12, states)
    found = Observations("p", "s", "app", "app", 10.0, 0.5, OUTAGE - 10)
    found.outage, found.healed, found.ended = OUTAGE, OUTAGE + 20, OUTAGE + 30
    found.executions = [run]
    found.writes = [
        Write("i1", "w1", OUTAGE - 5, "p"),
        Write("i2", "w2", OUTAGE - 0.3, "p"),
        Write("i3", "w3", OUTAGE + 15, "s"),
    ]
    found.held_after_promotion = frozenset({"i1", "i3"})
    found.journal_at_promotion = {"w1": OUTAGE - 5.1}
    found.journal_at_the_end = {"w1": OUTAGE - 5.1, "w2": OUTAGE - 0.4, "w9": OUTAGE - 0.1}
    for name, value in changes.items():
        setattr(found, name, value)
    return found


def test_the_journal_tells_the_age_of_what_arrived_late() -> None:
    assert losses.journal_rpo(seen()) == 0.4
    assert losses.journal_rpo(seen(journal_at_the_end={"w1": OUTAGE - 5.1})) == 0.0
    assert losses.journal_rpo(seen(healed=None)) is None
    assert losses.journal_rpo(seen(journal_at_promotion=None)) is None


def test_the_journal_and_the_client_agree_on_what_was_lost() -> None:
    passed, detail = losses.journal_agrees_with_the_client(seen())
    assert passed
    assert "2 writes by the journal arrived" in detail, "one of them was never acknowledged"
    assert "the 1 of 1 writes that the client missed are among them" in detail
    assert "by the journal 0.400 s, by the client 0.300 s." in detail


@pytest.mark.parametrize(
    "changes",
    [
        {"journal_at_the_end": {"w1": OUTAGE - 5.1}},
        {"journal_at_promotion": {}},
        {"journal_at_the_end": {"w1": OUTAGE - 5.1, "w2": OUTAGE - 0.2}},
        {"journal_at_the_end": {"w1": OUTAGE - 5.1, "w2": OUTAGE - 4}},
        {"journal_at_the_end": None},
        {"held_after_promotion": None},
    ],
    ids=[
        "lost for good",
        "older than the lag",
        "after its answer",
        "too old",
        "not read",
        "not listed",
    ],
)
def test_a_journal_that_tells_otherwise_fails(changes: dict[str, Any]) -> None:
    assert not losses.journal_agrees_with_the_client(seen(**changes))[0]


def test_an_estimate_that_is_too_small_or_unknown_fails() -> None:
    assert losses.rpo_estimate_covers_the_loss(seen())[0]
    for told in ({"seconds": 0.2}, {"seconds": None}, None):
        found = seen()
        found.executions[0].output["decision"]["rpo_estimate"] = told
        assert not losses.rpo_estimate_covers_the_loss(found)[0], told
    found.executions[0].output["decision"] = None
    assert losses.estimate(found) is None


REFUSED = WriteByName(503, "p", None, OUTAGE + 21, "NoQuorum")
TAKEN = WriteByName(201, "p", None, OUTAGE + 22)
FORWARDED = WriteByName(201, "s", "p", OUTAGE + 23)
SILENT = WriteByName(0, None, None, OUTAGE + 20)


def test_a_refusal_is_no_write_that_was_taken() -> None:
    found = seen(writes_to_the_returned=[SILENT, REFUSED, REFUSED, FORWARDED])
    assert returned_primary_takes_no_write(found)[0]
    assert returned(found) == {
        "replication_behind_seconds": 2.0,
        "refused_seconds": 1.0,
        "forwards_after_seconds": 3.0,
        "forwarded_seconds": 0.0,
        "writes": 4,
        "forwarded": 1,
        "taken": 0,
        "refused": {"NoQuorum": 2, "no answer": 1},
    }


def test_a_write_that_was_taken_is_one_too_many() -> None:
    found = seen(writes_to_the_returned=[TAKEN, FORWARDED])
    assert not returned_primary_takes_no_write(found)[0]
    told = returned(found)
    assert told is not None
    assert told["taken"] == 1


def test_writes_that_were_only_refused_prove_nothing() -> None:
    assert not returned_primary_takes_no_write(seen(writes_to_the_returned=[REFUSED]))[0]
    assert returned(seen(healed=None)) is None


def test_scheduled_readiness_is_no_call_of_the_recovery() -> None:
    call = {"at": OUTAGE + 6, "from": "s", "region": "s", "service": "x", "operation": "y"}
    off = {**call, "role": "app-secondary-ScheduledReadinessRole-1", "region": "p"}
    on = {**call, "role": "app-secondary-ReadinessRole-1"}
    assert path_calls(seen(calls=[off, on])) == [on]
