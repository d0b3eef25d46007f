"""Every outcome of the switchover machine, executed in two Regions."""

from __future__ import annotations

import itertools
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from pilot_light_client.journal import SHARDS
from pilotlight.journal import proof as journal_proof, reader as journal

from tests.integration.machine import PRIMARY, RECOVERIES, SECONDARY
from tests.integration.two_regions import FAILBACK, SWITCHOVER

if TYPE_CHECKING:
    from tests.integration.machine import Machine
    from tests.integration.two_regions import TwoRegions

MOVES = {"switchover": (SWITCHOVER, PRIMARY, SECONDARY), "failback": (FAILBACK, SECONDARY, PRIMARY)}
both_ways = pytest.mark.parametrize(("request_", "source", "target"), MOVES.values(), ids=MOVES)


@both_ways
def test_a_planned_move_makes_the_target_active(
    regions: TwoRegions, machine: Machine, request_: dict[str, str], source: str, target: str
) -> None:
    regions.serve(source, 4)
    before = machine.revision()
    run = regions.run(request_)
    assert (run.status, run.output["outcome"]) == ("SUCCEEDED", "switched_over"), run.cause
    assert machine.active() == (target, 5)
    control = regions.control()
    assert (control["state"], control["changed_by"]) == ("serving", run.arn)
    assert int(control["revision"]) == before + 2, "a drain and a claim, and nothing else"
    assert 800 < int(control["cooldown_until"]) - time.time() < 901
    assert not {"drain_until", "move"} & set(control)
    assert run.output["epoch"] == 5
    assert run.output["traffic"]["region"] == target
    assert [event for event, _ in machine.notices()] == ["started", "switched_over"]


@both_ways
def test_a_move_is_on_record_with_its_evidence_its_proof_and_its_times(
    regions: TwoRegions, request_: dict[str, str], source: str, target: str
) -> None:
    regions.serve(source, 4)
    assert regions.write(source)
    run = regions.run(request_)
    record = regions.record(5)
    assert record["outcome"] == "switched_over"
    assert record["execution"] == record["promoted_by"] == run.arn
    assert (record["source"], record["target"], record["mode"]) == (
        source,
        target,
        request_["mode"],
    )
    assert record["proof"]["proven"] is True
    assert record["evidence"]["watermark"]["caught_up"] is True
    assert record["evidence"]["source_shows_claim"] == {
        "shows_claim": True,
        "active_region": target,
        "epoch": 5,
        "state": "serving",
    }
    assert "Compared before the claim: 1 journal entries" in run.output["summary"]
    times = record["timeline"]
    order = ["started_at", "decided_at", "drained_at", "proven_at", "promoted_at"]
    assert [times[name] for name in order] == sorted(times[name] for name in order)


def test_a_move_that_compared_nothing_says_so(regions: TwoRegions, machine: Machine) -> None:
    """Two journals that are empty are equal, and prove nothing of any write."""
    run = regions.run(SWITCHOVER)
    assert run.output["outcome"] == "switched_over"
    assert (run.output["proof"]["proven"], run.output["proof"]["complete"]) == (False, True)
    assert "Moved, unproven: " in run.output["summary"]
    assert "nothing was compared" in run.output["summary"]
    assert "the target holds every one of them" not in run.output["summary"]
    message = machine.notices()[-1][1]
    assert "nothing was compared" in message
    assert "ended: switched_over, unproven." in message
    assert regions.record(2)["proof"]["proven"] is False


@pytest.mark.parametrize("state", ["draining", "claimed"])
def test_a_region_that_does_not_serve_is_not_moved_and_whose_work_it_is_is_told(
    regions: TwoRegions, machine: Machine, state: str
) -> None:
    regions.change_control(state=state, changed_by="arn:other")
    before = regions.control()
    run = regions.run(SWITCHOVER)
    assert (run.status, run.error) == ("FAILED", "SwitchoverFailed")
    assert run.cause.startswith(f"ReadControl: NotServing: {PRIMARY} is {state}, changed by arn:o")
    assert regions.control() == before
    assert not {"GatherEvidence", "Drain", "UndoDrain"} & set(run.states)
    assert machine.lock() == {}
    assert machine.notices()[-1][0] == "failed"


@both_ways
def test_no_write_is_lost_while_users_write_all_the_time(
    regions: TwoRegions, request_: dict[str, str], source: str, target: str
) -> None:
    regions.serve(source, 4)
    regions.replication.lag = 2
    written: list[str] = []
    done = threading.Event()

    def user() -> None:
        for n in itertools.count():
            if done.is_set():
                break
            written.extend(filter(None, [regions.write(source, f"item-{n % 3}")]))
            time.sleep(0.03)

    thread = threading.Thread(target=user)
    thread.start()
    try:
        run = regions.run(request_)
    finally:
        done.set()
        thread.join()
    assert run.output["outcome"] == "switched_over", run.output["summary"]
    assert written
    assert set(written) <= regions.journal(target)
    assert run.output["proof"]["writes"] == len(written), "the proof is of every one of them"
    for n in range(3):
        before, after = (regions.item(f"item-{n}", r) for r in (source, target))
        assert before == after


def test_a_move_leaves_no_lock(regions: TwoRegions, machine: Machine) -> None:
    regions.run(SWITCHOVER)
    assert machine.lock() == {}


def test_the_cooldown_of_a_claim_does_not_hold_up_a_person(
    regions: TwoRegions, machine: Machine
) -> None:
    machine.seed(cooldown_until=int(time.time()) + 900)
    assert regions.run(SWITCHOVER).output["outcome"] == "switched_over"


def test_there_and_back_again(regions: TwoRegions, machine: Machine) -> None:
    assert regions.run(SWITCHOVER).output["outcome"] == "switched_over"
    regions.beat(SECONDARY, PRIMARY)
    regions.replication.flush()
    assert regions.run(FAILBACK).output["outcome"] == "switched_over"
    assert machine.active() == (PRIMARY, 3)
    assert regions.record(2)["target"] == SECONDARY
    assert regions.record(3)["target"] == PRIMARY


def test_a_switchover_asks_no_ledger(regions: TwoRegions) -> None:
    assert regions.run(SWITCHOVER).output["outcome"] == "switched_over"
    assert regions.calls("Ledger", "reconcile") == 0


def test_a_target_that_catches_up_late_is_waited_for(regions: TwoRegions) -> None:
    regions.replication.lag = 7
    regions.write(PRIMARY, ago=120)
    regions.replication.step()
    run = regions.run(SWITCHOVER)
    assert run.output["outcome"] == "switched_over"
    assert regions.calls("Proof", "watermark") > 1
    assert run.output["proof"]["writes"] == 0, "it was compared before the drain"


def test_a_long_journal_is_compared_in_several_steps_before_the_drain(
    regions: TwoRegions, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(2 * SHARDS):
        regions.write(PRIMARY, f"item-{n}", ago=120 + n)
    regions.replication.flush()
    monkeypatch.setattr(journal_proof, "SPANS", 1)
    monkeypatch.setattr(journal, "PAGE", 1)
    run = regions.run(SWITCHOVER)
    assert run.output["outcome"] == "switched_over"
    assert run.states.count("CompareOn") >= 1
    assert run.output["proof"]["writes"] == 0


# --- nothing to do --------------------------------------------------------------------------------


@both_ways
def test_where_the_target_is_active_already_nothing_is_done(
    regions: TwoRegions, machine: Machine, request_: dict[str, str], source: str, target: str
) -> None:
    regions.serve(target, 4)
    run = regions.run(request_)
    assert run.output["outcome"] == "already_there"
    assert run.output["epoch"] == 4
    assert machine.active() == (target, 4)
    assert machine.lock() == {}
    assert "GatherEvidence" not in run.states


def test_the_first_epoch_was_promoted_by_nobody_and_needs_no_record(
    regions: TwoRegions, machine: Machine
) -> None:
    assert regions.run(FAILBACK).output["outcome"] == "already_there"
    assert machine.record(1) == {}


@both_ways
def test_a_promotion_without_a_record_is_completed(
    regions: TwoRegions, machine: Machine, request_: dict[str, str], source: str, target: str
) -> None:
    regions.serve(target, 4, recorded=False)
    run = regions.run(request_)
    assert run.output["outcome"] == "switched_over"
    assert run.output["completing"] is True
    record = regions.record(4)
    assert record["promoted_by"] == "seed"
    assert machine.active() == (target, 4)


def test_while_another_run_holds_the_lock_nothing_is_done(
    regions: TwoRegions, machine: Machine
) -> None:
    lock = {"owner": "arn:other", "machine": "failover", "expires_at": int(time.time()) + 60}
    item = {k: {"N" if isinstance(v, int) else "S": str(v)} for k, v in lock.items()}
    machine.dynamodb.put_item(TableName=RECOVERIES, Item={"pk": {"S": "lock"}} | item)
    run = regions.run(SWITCHOVER)
    assert run.output == {"outcome": "duplicate", "owner": "arn:other", "machine": "failover"}
    assert machine.active() == (PRIMARY, 1)
    assert machine.lock()["owner"]["S"] == "arn:other"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"mode": "failover", "reason": "x"}, "mode"),
        ({"mode": "switchover"}, "reason"),
        ({"mode": "failback", "reason": ""}, "reason"),
        ({"mode": "failback", "reason": "x", "override": []}, "override"),
        ({"detail-type": "CloudWatch Alarm State Change"}, "by no alarm"),
        ({}, "mode"),
    ],
)
def test_bad_input_fails_with_what_is_wrong_and_changes_nothing(
    regions: TwoRegions, machine: Machine, given: dict[str, Any], says: str
) -> None:
    run = regions.run(given)
    assert (run.status, run.error) == ("FAILED", "InvalidExecutionInput")
    assert says in run.cause
    assert machine.active() == (PRIMARY, 1)
    assert machine.lock() == {}
    assert [event for event, _ in machine.notices()] == ["failed"]


def test_a_control_item_that_names_a_foreign_region_is_no_consent(
    regions: TwoRegions, machine: Machine
) -> None:
    machine.seed("eu-west-1", 4)
    run = regions.run(SWITCHOVER)
    assert "ControlItemMissing" in run.cause
    assert machine.active() == ("eu-west-1", 4)
