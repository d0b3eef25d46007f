"""Every outcome of the switchover machine, executed in two Regions."""

from __future__ import annotations

import itertools
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from pilotlight import journal_proof
from pilotlight.adapters import journal

from tests.integration.machine import PRIMARY, RECOVERIES, SECONDARY
from tests.integration.two_regions import FAILBACK, SWITCHOVER

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Network
    from tests.integration.machine import Machine
    from tests.integration.two_regions import TwoRegions

MOVES = {"switchover": (SWITCHOVER, PRIMARY, SECONDARY), "failback": (FAILBACK, SECONDARY, PRIMARY)}
both_ways = pytest.mark.parametrize(("request_", "source", "target"), MOVES.values(), ids=MOVES)


@both_ways
def test_a_planned_move_makes_the_target_active(
    regions: TwoRegions, machine: Machine, request_: dict[str, str], source: str, target: str
) -> None:
    regions.serve(source, 4)
    run = regions.run(request_)
    assert (run.status, run.output["outcome"]) == ("SUCCEEDED", "switched_over"), run.cause
    assert machine.active() == (target, 5)
    control = regions.control()
    assert control["state"] == "serving"
    assert not {"drain_until", "drain_to"} & set(control)
    assert run.output["epoch"] == 5
    assert run.output["traffic"]["region"] == target
    assert [event for event, _ in machine.notices()] == ["started", "switched_over"]


@both_ways
def test_a_move_is_on_record_with_its_evidence_its_proof_and_its_times(
    regions: TwoRegions, request_: dict[str, str], source: str, target: str
) -> None:
    regions.serve(source, 4)
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
    times = record["timeline"]
    order = ["started_at", "decided_at", "drained_at", "drain_seen_at", "proven_at", "promoted_at"]
    assert [times[name] for name in order] == sorted(times[name] for name in order)


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
        before, after = (regions.items(r).get(f"item-{n}") for r in (source, target))
        assert before == after


def test_a_move_leaves_a_cooldown_and_no_lock(regions: TwoRegions, machine: Machine) -> None:
    regions.run(SWITCHOVER)
    lock = machine.lock()
    assert "owner" not in lock
    assert "machine" not in lock
    assert 800 < int(lock["cooldown_until"]["N"]) - time.time() < 901


def test_the_cooldown_of_a_promotion_does_not_hold_up_a_person(
    regions: TwoRegions, machine: Machine
) -> None:
    until = {"N": str(int(time.time()) + 900)}
    cooldown = {"pk": {"S": "lock"}, "cooldown_until": until}
    machine.dynamodb.put_item(TableName=RECOVERIES, Item=cooldown)
    assert regions.run(SWITCHOVER).output["outcome"] == "switched_over"


def test_there_and_back_again(regions: TwoRegions, machine: Machine) -> None:
    assert regions.run(SWITCHOVER).output["outcome"] == "switched_over"
    regions.beat(SECONDARY, PRIMARY)
    regions.replication.flush()
    assert regions.run(FAILBACK).output["outcome"] == "switched_over"
    assert machine.active() == (PRIMARY, 3)
    assert regions.record(2)["target"] == SECONDARY
    assert regions.record(3)["target"] == PRIMARY


# --- refused --------------------------------------------------------------------------------------


def unwell(regions: TwoRegions, network: Network) -> None:
    network.beacon = "unhealthy"


def unknown(regions: TwoRegions, network: Network) -> None:
    network.beacon = "unknown"


def recently_unwell(regions: TwoRegions, _network: Network) -> None:
    regions.sentinel(well_for=60)


def unwatched(regions: TwoRegions, _network: Network) -> None:
    regions.sentinel(looked_at="2026-01-01T00:00:00+00:00")


def other_release(_regions: TwoRegions, network: Network) -> None:
    network.releases[PRIMARY] = "old"


def cut(regions: TwoRegions, _network: Network) -> None:
    regions.replication.cut = True
    regions.beat(*regions_of(regions), age=0)
    for region in (PRIMARY, SECONDARY):
        _outdate(regions, region)


def not_caught_up(regions: TwoRegions, _network: Network) -> None:
    source, _ = regions_of(regions)
    regions.replication.cut = True
    # Older than what the proof leaves aside while users write.
    regions.write(source, ago=120)


def regions_of(regions: TwoRegions) -> tuple[str, str]:
    active = regions.control()["active_region"]
    return active, PRIMARY if active == SECONDARY else SECONDARY


def _outdate(regions: TwoRegions, region: str) -> None:
    """What a Region holds of the other's heartbeats is ten minutes old."""
    (other,) = {PRIMARY, SECONDARY} - {region}
    client = regions.replicas[region]
    for item in client.scan(TableName="pilot-light-items")["Items"]:
        if item["pk"]["S"].startswith(f"H#{other}#"):
            item["written_at"] = {"N": str(int((time.time() - 600) * 1000))}
            client.put_item(TableName="pilot-light-items", Item=item)


UNMET: dict[str, tuple[Callable[[Any, Any], None], str]] = {
    "beacon unhealthy": (unwell, "primary_healthy"),
    "beacon unknown": (unknown, "primary_healthy"),
    "well for a minute only": (recently_unwell, "primary_healthy"),
    "the sentinel is silent": (unwatched, "primary_healthy"),
    "releases differ": (other_release, "release_parity"),
    "heartbeats are old": (cut, "replication_healthy"),
    "writes are missing": (not_caught_up, "caught_up"),
}


@pytest.mark.parametrize(("spoil", "condition"), UNMET.values(), ids=UNMET)
@both_ways
def test_an_unmet_condition_refuses_by_name_and_changes_nothing(
    regions: TwoRegions,
    machine: Machine,
    network: Network,
    request_: dict[str, str],
    source: str,
    target: str,
    spoil: Callable[[Any, Any], None],
    condition: str,
) -> None:
    regions.serve(source, 4)
    spoil(regions, network)
    before = regions.control()
    run = regions.run(request_)
    assert (run.status, run.output["outcome"]) == ("SUCCEEDED", "refused"), run.cause
    assert run.output["decision"]["unmet"] == [condition]
    assert regions.control() == before
    assert "Drain" not in run.states
    assert machine.lock() == {}
    event, message = machine.notices()[-1]
    assert event == "refused"
    assert f"UNMET  {condition}" in message
    assert '"graceful": false' in message


def test_a_dead_primary_is_no_target_and_everything_unmet_is_named(
    regions: TwoRegions, machine: Machine, network: Network
) -> None:
    regions.serve(SECONDARY, 4)
    network.lose_primary()
    run = regions.run(FAILBACK)
    assert run.output["outcome"] == "refused"
    assert run.output["decision"]["unmet"] == ["primary_healthy", "target_ready", "release_parity"]
    assert machine.active() == (SECONDARY, 4)


def test_an_unready_secondary_is_no_target(
    regions: TwoRegions, machine: Machine, network: Network
) -> None:
    network.secondary_up = False
    run = regions.run(SWITCHOVER)
    assert run.output["decision"]["unmet"] == ["target_ready", "release_parity"]
    assert machine.active() == (PRIMARY, 1)


def left_behind(regions: TwoRegions) -> str:
    """A write that the Primary acknowledged and a failover left behind. It arrived since."""
    regions.serve(PRIMARY, 3)
    regions.replication.cut = True
    write_id = regions.write(PRIMARY, ago=120)
    assert write_id
    regions.serve(SECONDARY, 4)
    assert regions.ask("Ledger", action="reconcile")["open"] == 1
    regions.replication.cut = False
    regions.replication.flush()
    assert write_id in regions.journal(SECONDARY)
    return write_id


def test_a_failback_waits_for_the_review_of_the_ledger(
    regions: TwoRegions, machine: Machine
) -> None:
    left_behind(regions)
    run = regions.run(FAILBACK)
    assert run.output["outcome"] == "refused"
    assert run.output["decision"]["unmet"] == ["ledger_reviewed"]
    assert "1 writes of the ledger are to be reviewed" in machine.notices()[-1][1]
    assert machine.active() == (SECONDARY, 4)


def test_what_a_person_has_accepted_lets_the_failback_pass(
    regions: TwoRegions, machine: Machine
) -> None:
    write_id = left_behind(regions)
    assert regions.run(FAILBACK).output["outcome"] == "refused"
    found = regions.ask("Ledger", action="accept", write_ids=[write_id], by="a person")
    assert (found["accepted"], found["open"]) == ([write_id], 0)
    assert regions.run(FAILBACK).output["outcome"] == "switched_over"
    assert machine.active() == (PRIMARY, 5)


def test_journals_that_are_not_compared_to_their_end_are_no_review(
    regions: TwoRegions, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.integration import conftest

    regions.serve(SECONDARY, 4)
    monkeypatch.setattr(conftest._loaded("ledger"), "PIECE_MS", 60_001)
    run = regions.run(FAILBACK)
    assert run.output["decision"]["unmet"] == ["ledger_reviewed"]
    assert run.states.count("ReconcileLedger") == 8


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
    for n in range(16):
        regions.write(PRIMARY, f"item-{n}", ago=120 + n)
    regions.replication.flush()
    monkeypatch.setattr(journal_proof, "SPANS", 1)
    monkeypatch.setattr(journal, "PAGE", 2)
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


def test_a_break_glass_that_is_not_reconciled_fails_clearly(
    regions: TwoRegions, machine: Machine
) -> None:
    regions.change_control(break_glass="2026-11-25 by ops")
    run = regions.run(SWITCHOVER)
    assert run.error == "SwitchoverFailed"
    assert "BreakGlassUnreconciled" in run.cause
    assert "2026-11-25 by ops" in run.cause
    assert machine.lock() == {}
    assert "Drain" not in run.states


def test_a_control_item_that_names_a_foreign_region_is_no_consent(
    regions: TwoRegions, machine: Machine
) -> None:
    machine.seed("eu-west-1", 4)
    run = regions.run(SWITCHOVER)
    assert "ControlItemMissing" in run.cause
    assert machine.active() == ("eu-west-1", 4)
