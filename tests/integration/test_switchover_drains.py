"""A drain and what may come in between: undone, proven anew, or ended by a keeper."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from pilot_light_client.journal import SHARDS
from pilotlight.journal import proof, reader

from tests.integration.machine import (
    PRIMARY,
    SECONDARY,
    FunctionFailed,
    aws_error,
    function_arn,
    keeper,
)
from tests.integration.test_failures import janitor
from tests.integration.test_switchover_failures import assert_failed
from tests.integration.two_regions import FAILBACK, SWITCHOVER

if TYPE_CHECKING:
    from tests.integration.machine import Faults, Machine
    from tests.integration.two_regions import TwoRegions

HOUR_MS = 3_600_000


def test_a_drain_names_its_move_and_its_end_and_nobody_writes_within_it(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    seen: list[dict[str, str]] = []
    refused: list[str | None] = []

    def look() -> None:
        seen.append(regions.control())
        refused.extend(regions.write(region) for region in (PRIMARY, SECONDARY))

    faults.call_once("Prove", look)
    run = regions.run(SWITCHOVER)
    assert run.output["outcome"] == "switched_over"
    (control,) = seen
    assert (control["state"], control["active_region"]) == ("draining", PRIMARY)
    assert control["move"] == control["changed_by"] == run.arn
    assert 0 < int(control["drain_until"]) / 1000 - time.time() < 63, "and MaxWriteSeconds"
    assert refused == [None, None]
    drain = run.states.index("Drain")
    assert run.states[drain : drain + 4] == ["Drain", "LetWritesEnd", "IsFailback", "Prove"]


def test_a_write_that_never_arrives_is_not_left_behind(
    regions: TwoRegions, machine: Machine
) -> None:
    regions.serve(SECONDARY, 4)
    last: list[str | None] = []

    def last_write_then_cut() -> None:
        last.append(regions.write(SECONDARY))
        regions.replication.cut = True

    machine.faults.call_once("Drain", last_write_then_cut)
    run = regions.run(FAILBACK)
    assert_failed(machine, run, "Prove")
    assert f"1 writes of {SECONDARY} are missing in {PRIMARY} ({last[0]})" in run.cause
    assert regions.calls("Proof", "tails") == 16, "asked again and again, and then given up"
    assert machine.active() == (SECONDARY, 4)
    assert regions.control()["state"] == "serving"
    assert regions.write(SECONDARY), "users write on"


@pytest.mark.parametrize("what", ["J#", "I#"], ids=["journal entry", "item"])
def test_a_write_of_which_a_part_arrives_late_is_waited_for(
    regions: TwoRegions, machine: Machine, what: str
) -> None:
    """Partitions replicate in no order: neither of the two speaks for the other."""
    last: list[str] = []

    def last_write() -> None:
        last.extend(filter(None, [regions.write(PRIMARY)]))
        regions.replication.late = {what: 12}

    machine.faults.call_once("Drain", last_write)
    run = regions.run(SWITCHOVER)
    assert run.output["outcome"] == "switched_over", run.cause
    assert 1 < regions.calls("Proof", "tails") <= 16
    assert set(last) <= regions.journal(SECONDARY)
    assert regions.item("tea", SECONDARY) == regions.item("tea", PRIMARY)


def test_more_writes_than_one_comparison_takes_are_compared_in_several(
    regions: TwoRegions, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "SPANS", 1)
    monkeypatch.setattr(reader, "PAGE", 3)
    many = range(3 * SHARDS)
    machine.faults.call_once("Drain", lambda: [regions.write(PRIMARY) for _ in many])
    run = regions.run(SWITCHOVER)
    assert run.output["outcome"] == "switched_over", run.cause
    assert 1 < regions.calls("Proof", "tails") <= 6


def test_more_writes_than_a_drain_has_time_for_undo_it(
    regions: TwoRegions, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "SPANS", 1)
    monkeypatch.setattr(reader, "PAGE", 1)
    machine.faults.call_once("Drain", lambda: [regions.write(PRIMARY) for _ in range(90)])
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, "Prove")
    assert "NotCompared" in run.cause
    assert regions.calls("Proof", "tails") == 6
    assert machine.active() == (PRIMARY, 1)


@pytest.mark.parametrize("answer", [{"writes": 3}, {"proven": True}, {"complete": "true"}])
def test_a_comparison_that_does_not_say_that_it_is_complete_is_none(
    regions: TwoRegions,
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    answer: dict[str, object],
) -> None:
    real = machine.functions.handlers[function_arn("Proof")]
    monkeypatch.setitem(
        machine.functions.handlers,
        function_arn("Proof"),
        lambda event: answer if event["step"] == "tails" else real(event),
    )
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, "Prove")
    assert "NotCompared" in run.cause
    assert machine.active() == (PRIMARY, 1)
    assert regions.control()["state"] == "serving"


# --- what is claimed is the run's own drain -------------------------------------------------------


def test_a_drain_that_a_keeper_has_ended_is_not_claimed(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    faults.call_once("PlannedClaim", lambda: keeper(PRIMARY, HOUR_MS).keep(60))
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, "PlannedClaim")
    assert "DrainLost" in run.cause
    assert "UndoDrain" not in run.states, "there is nothing left to undo"
    assert machine.active() == (PRIMARY, 1)
    assert regions.control()["changed_by"] == f"keeper {PRIMARY}"
    assert regions.write(PRIMARY)


def test_a_drain_that_was_undone_and_made_again_by_another_is_neither_claimed_nor_undone(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    """State, Region and epoch are those of this run's own drain. Only the revision tells."""

    def again() -> None:
        machine.change("undrain", by="a keeper")
        machine.change("drain", by="arn:other", move="arn:other", drain_until=10**14)

    faults.call_once("PlannedClaim", again)
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, "PlannedClaim")
    assert "DrainLost" in run.cause
    assert "UndoDrain" not in run.states
    control = regions.control()
    assert (control["state"], control["changed_by"]) == ("draining", "arn:other")
    assert machine.active() == (PRIMARY, 1)


def test_a_drain_that_came_again_before_the_proof_failed_is_left_to_its_owner(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    def again() -> None:
        machine.change("undrain", by="a keeper")
        machine.change("drain", by="arn:other", move="arn:other", drain_until=10**14)
        raise FunctionFailed("SomeError")

    faults.call("Prove", again)
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, "Prove")
    assert regions.control()["changed_by"] == "arn:other"
    assert "This drain was ended already." not in run.cause


def test_a_failover_in_the_midst_of_a_drain_is_not_taken_for_the_run_s_own_claim(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    """The target is active, in the epoch that this run would have made. Another made it."""
    claim = {"by": "arn:failover", "cooldown_until": 1}
    faults.call_once("PlannedClaim", lambda: machine.change("claim", **claim))
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, "PlannedClaim")
    assert "DrainLost" in run.cause
    assert not {"UndoDrain", "ConfirmTraffic"} & set(run.states)
    control = regions.control()
    assert (control["state"], control["changed_by"]) == ("claimed", "arn:failover")
    assert machine.active() == (SECONDARY, 2)


def test_a_change_between_judgement_and_drain_ends_the_move_and_drains_nobody(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    faults.call_once("Drain", lambda: regions.change_control(changed_by="arn:other"))
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, "Drain")
    assert "ControlItemChanged" in run.cause
    assert regions.control()["state"] == "serving"
    assert "UndoDrain" not in run.states


# --- answers that are lost ------------------------------------------------------------------------


def test_a_drain_that_was_made_and_not_answered_is_undone(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    """When the source stopped is not known, so the lease could be counted from nothing."""
    faults.lose_answer("Drain", aws_error("InternalServerError"))
    run = regions.run(SWITCHOVER)
    assert (run.status, run.cause.split(": ")[0]) == ("FAILED", "Drain")
    after = run.states[run.states.index("Drain") :]
    assert after[:4] == ["Drain", "LookAtControl", "WhatIsTrue", "UndoDrain"]
    assert "The drain was undone, and the old Region serves." in machine.notices()[-1][1]
    assert regions.control()["state"] == "serving"
    assert machine.active() == (PRIMARY, 1)
    assert regions.run(SWITCHOVER).output["outcome"] == "switched_over"


def test_a_planned_claim_that_was_made_and_not_answered_counts(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    faults.lose_answer("PlannedClaim", aws_error("InternalServerError"))
    run = regions.run(SWITCHOVER)
    assert run.output["outcome"] == "switched_over", run.cause
    assert run.states[run.states.index("WhatIsTrue") + 1] == "ConfirmTraffic"
    assert "UndoDrain" not in run.states
    assert machine.active() == (SECONDARY, 2)
    assert regions.record(2)["promoted_by"] == run.arn
    assert "promoted_at" in regions.record(2)["timeline"]


def test_where_nobody_can_look_what_is_true_a_keeper_ends_the_drain(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    for state in ("PlannedClaim", "LookAtControl"):
        faults.always(state, aws_error("InternalServerError"))
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, "PlannedClaim")
    assert "UndoDrain" not in run.states
    assert regions.control()["state"] == "draining"
    assert keeper(SECONDARY).keep(60) == "nothing", "not before its end"
    assert keeper(SECONDARY, HOUR_MS).keep(60) == "undrained"
    assert regions.write(PRIMARY), "the source serves again"


def test_an_undo_that_was_made_and_not_answered_is_no_second_failure(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    faults.always("Prove", FunctionFailed("SomeError"))
    faults.lose_answer("UndoDrain", aws_error("InternalServerError"))
    run = regions.run(SWITCHOVER)
    assert (run.status, run.cause.split(": ")[0]) == ("FAILED", "Prove")
    assert "This drain was ended already." in machine.notices()[-1][1]
    assert regions.control()["state"] == "serving"


def test_a_drain_that_cannot_be_undone_is_undone_by_the_janitor(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    faults.always("Prove", FunctionFailed("SomeError"))
    faults.always("UndoDrain", aws_error("InternalServerError"))
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, "Prove")
    assert regions.control()["state"] == "draining"
    machine.arn = regions.arn
    done = janitor(machine, run)
    assert done == {
        "undone": True,
        "released": False,
        "notified": True,
        "recorded": False,
    }
    assert regions.control()["state"] == "serving"


def test_if_all_fails_a_keeper_ends_the_drain(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    faults.always("Prove", FunctionFailed("SomeError"))
    faults.always("UndoDrain", aws_error("InternalServerError"))
    assert regions.run(SWITCHOVER).status == "FAILED"
    assert regions.write(PRIMARY) is None
    assert keeper(PRIMARY).keep(60) == "nothing", "its machine may be at work until then"
    assert keeper(PRIMARY, HOUR_MS).keep(60) == "undrained"
    assert regions.write(PRIMARY), "the source serves again"


# --- the ledger within the drain of a failback ----------------------------------------------------


@pytest.mark.parametrize("epoch", [3, 4], ids=["of the lost epoch", "of the running epoch"])
def test_a_loss_that_shows_in_the_drain_of_a_failback_stops_it_and_is_told(
    regions: TwoRegions, machine: Machine, faults: Faults, epoch: int
) -> None:
    """The review was complete. Then a write executes in the Primary that was long held back."""
    regions.serve(SECONDARY, 4)
    late: list[str] = []

    def held_back() -> None:
        regions.replication.cut = True
        late.append(regions.write_unfenced(PRIMARY, epoch))

    faults.call_once("Drain", held_back)
    run = regions.run(FAILBACK)
    assert_failed(machine, run, "ReconcileInDrain")
    assert "LedgerNotReviewed: The ledger has 1 writes to be reviewed" in run.cause
    assert not {"Prove", "PlannedClaim"} & set(run.states)
    assert "UndoDrain" in run.states
    assert regions.control()["state"] == "serving"
    assert machine.active() == (SECONDARY, 4)
    regions.replication.cut = False
    regions.replication.flush()
    assert regions.run(FAILBACK).output["decision"]["unmet"] == ["ledger_reviewed"]
    found = regions.ask("Ledger", action="accept", write_ids=late, by="a person")
    assert found["open"] == 0
    assert regions.run(FAILBACK).output["outcome"] == "switched_over"


def test_a_comparison_that_does_not_come_to_its_end_in_the_drain_stops_a_failback(
    regions: TwoRegions, machine: Machine, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.integration import conftest

    regions.serve(SECONDARY, 4)
    ledger = conftest.loaded("ledger")
    faults.call_once("Drain", lambda: monkeypatch.setattr(ledger, "PIECE_MS", 60_001))
    run = regions.run(FAILBACK)
    assert_failed(machine, run, "ReconcileInDrain")
    assert run.states.count("ReconcileInDrain") == 3, "users wait, so it is not asked for ever"
    assert regions.control()["state"] == "serving"
    assert machine.active() == (SECONDARY, 4)


def test_a_ledger_that_does_not_answer_in_the_drain_stops_a_failback(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    regions.serve(SECONDARY, 4)
    faults.always("ReconcileInDrain", FunctionFailed("SomeError"))
    run = regions.run(FAILBACK)
    assert_failed(machine, run, "ReconcileInDrain")
    assert "UndoDrain" in run.states
    assert regions.control()["state"] == "serving"
    assert machine.active() == (SECONDARY, 4)
