"""A drain and what may come in between: undone, proven anew, or left to its lease."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.integration.machine import PRIMARY, SECONDARY, FunctionFailed, aws_error, function_arn
from tests.integration.test_failures import janitor
from tests.integration.test_switchover_failures import assert_failed
from tests.integration.two_regions import FAILBACK, SWITCHOVER

if TYPE_CHECKING:
    from tests.integration.machine import Faults, Machine
    from tests.integration.two_regions import TwoRegions


def test_a_drain_that_the_source_never_shows_is_undone(
    regions: TwoRegions, machine: Machine
) -> None:
    machine.faults.call("Drain", lambda: setattr(regions.replication, "cut", True))
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, "AwaitDrain")
    assert "DrainNotSeen" in run.cause
    assert regions.control()["state"] == "serving"
    assert run.states[-6:-3] == ["UndoDrain", "NotifyFailure", "ReleaseLockAfterFailure"]


def test_a_write_that_never_arrives_is_not_left_behind(
    regions: TwoRegions, machine: Machine
) -> None:
    regions.serve(SECONDARY, 4)
    last: list[str | None] = []

    def last_write_then_cut() -> None:
        if not last:
            last.append(regions.write(SECONDARY))
            regions.replication.cut = True

    machine.faults.call("Drain", last_write_then_cut)
    run = regions.run(FAILBACK)
    assert_failed(machine, run, "Prove")
    assert f"{PRIMARY} lacks 1 writes of {SECONDARY} ({last[0]})" in run.cause
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
        if not last:
            last.extend(filter(None, [regions.write(PRIMARY)]))
            regions.replication.late = {what: 12}

    machine.faults.call("Drain", last_write)
    run = regions.run(SWITCHOVER)
    assert run.output["outcome"] == "switched_over", run.cause
    assert 1 < regions.calls("Proof", "tails") <= 16
    assert set(last) <= regions.journal(SECONDARY)
    assert regions.items(SECONDARY).get("tea") == regions.items(PRIMARY).get("tea")


def test_a_proof_that_does_not_say_so_is_none(
    regions: TwoRegions, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = machine.functions.handlers[function_arn("Proof")]
    monkeypatch.setitem(
        machine.functions.handlers,
        function_arn("Proof"),
        lambda event: {"writes": 3} if event["step"] == "tails" else real(event),
    )
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, "Prove")
    assert "NotProven" in run.cause
    assert machine.active() == (PRIMARY, 1)


def test_a_lease_that_runs_out_before_the_promotion_forbids_it(
    regions: TwoRegions, machine: Machine
) -> None:
    regions.arn = regions.deploy("short", DrainSeconds="19")
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, "Promote")
    assert "DrainLost" in run.cause
    assert machine.active() == (PRIMARY, 1)
    assert regions.control()["state"] == "serving"


def test_an_epoch_that_somebody_else_has_changed_forbids_the_promotion(
    regions: TwoRegions, machine: Machine
) -> None:
    machine.faults.call("Promote", lambda: regions.change_control(epoch=7))
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, "Promote")
    assert machine.active() == (PRIMARY, 7)


def test_a_break_glass_in_the_midst_of_a_drain_forbids_the_promotion(
    regions: TwoRegions, machine: Machine
) -> None:
    machine.faults.call("Promote", lambda: regions.change_control(break_glass="by ops"))
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, "Promote")
    assert machine.active() == (PRIMARY, 1)


def test_another_run_s_drain_is_left_alone_until_it_has_run_out(
    regions: TwoRegions, machine: Machine
) -> None:
    until = int((time.time() + 60) * 1000)
    drain = {"state": "draining", "changed_by": "arn:other", "drain_to": SECONDARY}
    regions.change_control(**drain, drain_until=until)
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, "Drain")
    assert "ControlItemChanged" in run.cause
    assert regions.control()["changed_by"] == "arn:other"
    regions.change_control(**drain, drain_until=int(time.time() * 1000) - 1)
    assert regions.run(SWITCHOVER).output["outcome"] == "switched_over"


def test_a_promotion_that_was_made_and_not_answered_counts(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    def made_but_unanswered() -> None:
        if machine.active() == (PRIMARY, 1):
            regions.change_control(active_region=SECONDARY, epoch=2, state="serving")
            raise aws_error("InternalServerError")

    faults.call("Promote", made_but_unanswered)
    run = regions.run(SWITCHOVER)
    assert run.output["outcome"] == "switched_over"
    assert machine.active() == (SECONDARY, 2)


def test_a_drain_that_cannot_be_undone_is_undone_by_the_janitor(
    regions: TwoRegions, machine: Machine, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults.always("Prove", FunctionFailed("TailsDiffer"))
    faults.always("UndoDrain", aws_error("InternalServerError"))
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, "Prove")
    assert regions.control()["state"] == "draining"
    machine.arn = regions.arn
    done = janitor(machine, run, monkeypatch)
    assert done == {
        "undone": True,
        "released": False,
        "notified": True,
        "verdict_kept": False,
    }
    assert regions.control()["state"] == "serving"


def test_if_all_fails_the_lease_ends_the_drain(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    regions.arn = regions.deploy("short", DrainSeconds="1")
    faults.always("UndoDrain", aws_error("InternalServerError"))
    assert regions.run(SWITCHOVER).status == "FAILED"
    assert regions.control()["state"] == "draining"
    machine.until(lambda: int(regions.control()["drain_until"]) < time.time() * 1000)
    regions.replication.flush()
    assert regions.write(PRIMARY), "the source serves again by itself"
