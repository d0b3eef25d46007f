"""A planned move that dies, and one that meets a failover: some Region always serves."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from tests.integration.machine import (
    PRIMARY,
    RECOVERIES,
    SECONDARY,
    FunctionFailed,
    aws_error,
    definition,
)
from tests.integration.test_failures import FAILOVER, janitor
from tests.integration.test_outcomes import alarm_event
from tests.integration.test_switchover_failures import AFTER, BEFORE, DRAINED
from tests.integration.two_regions import SWITCHOVER

if TYPE_CHECKING:
    from tests.integration.conftest import Network
    from tests.integration.machine import Faults, Machine
    from tests.integration.two_regions import TwoRegions

GRACEFUL = {"mode": "failover", "reason": "maintenance of the Primary"}


@pytest.mark.parametrize("state", sorted(BEFORE | DRAINED | AFTER | {"LookAtBothRegions"}))
def test_a_move_stopped_at_a_state_is_cleaned_up_and_done_by_the_next(
    regions: TwoRegions,
    machine: Machine,
    faults: Faults,
    monkeypatch: pytest.MonkeyPatch,
    state: str,
) -> None:
    stopped: list[str] = []

    def stop() -> None:
        if not stopped:
            stopped.extend(regions.executions())
            machine.stop(stopped[0])

    faults.call(state, stop)
    run = regions.run(SWITCHOVER)
    assert run.status == "ABORTED"
    promoted = machine.active() == (SECONDARY, 2)
    machine.arn = regions.arn
    done = janitor(machine, run, monkeypatch)
    assert done["notified"] is True
    assert regions.control()["state"] == "serving", "somebody serves"
    assert not promoted or done["undone"] is False
    assert "owner" not in machine.lock()
    assert janitor(machine, run, monkeypatch)["undone"] is False, "idempotent"
    again = regions.run(SWITCHOVER)
    assert again.output["outcome"] in {"switched_over", "already_there"}
    assert machine.active() == (SECONDARY, 2)
    assert machine.record(2)


def test_a_machine_that_times_out_within_the_drain_is_cleaned_up(
    regions: TwoRegions, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = json.loads(regions.definition())
    text["TimeoutSeconds"] = 6
    text["States"]["LetWritesEnd"]["Seconds"] = 2000
    regions.arn = machine.deploy(json.dumps(text), "pilot-light-switchover-short")
    run = regions.run(SWITCHOVER)
    assert run.status == "TIMED_OUT"
    assert run.states[-1] == "LetWritesEnd"
    assert regions.control()["state"] == "draining"
    machine.arn = regions.arn
    done = janitor(machine, run, monkeypatch)
    assert done == {"undone": True, "released": True, "notified": True}
    assert machine.active() == (PRIMARY, 1)
    assert regions.control()["state"] == "serving"


# --- two machines ---------------------------------------------------------------------------------


def test_two_moves_at_once_move_once(regions: TwoRegions, machine: Machine) -> None:
    runs = [machine.wait(arn, 60) for arn in [regions.start(SWITCHOVER) for _ in range(2)]]
    outcomes = sorted(run.output["outcome"] for run in runs)
    assert outcomes in (["duplicate", "switched_over"], ["already_there", "switched_over"])
    assert machine.active() == (SECONDARY, 2)


def test_a_lock_that_is_released_before_it_is_read_is_asked_for_again(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    held = {"pk": {"S": "lock"}, "owner": {"S": "arn:held"}}
    held["expires_at"] = {"N": str(int(time.time()) + 900)}
    machine.dynamodb.put_item(TableName=RECOVERIES, Item=held)

    def release() -> None:
        machine.dynamodb.delete_item(TableName=RECOVERIES, Key={"pk": {"S": "lock"}})

    faults.call("ReadLock", release)
    run = regions.run(SWITCHOVER)
    assert run.output["outcome"] == "switched_over"
    assert run.states.count("AcquireLock") == 2


def test_an_outage_in_the_midst_of_a_drain_ends_in_a_failover(
    regions: TwoRegions, machine: Machine, network: Network, faults: Faults
) -> None:
    """The alarm speaks once. It finds the move's lock, waits for its end, and then promotes."""
    alarms: list[str] = []

    def lost() -> None:
        if not alarms:
            network.lose_primary()
            regions.replication.cut = True
            alarms.append(machine.start(alarm_event()))
            machine.until(lambda: "AwaitSwitchover" in machine.states(alarms[0]), 30)
        raise FunctionFailed("DrainNotSeen")

    faults.call("AwaitDrain", lost)
    move = regions.run(SWITCHOVER)
    assert move.status == "FAILED"
    run = machine.wait(alarms[0], 60)
    assert run.output["outcome"] == "promoted", run.cause
    assert machine.active() == (SECONDARY, 2)
    assert machine.record(2)["execution"]["S"] == run.arn


def test_an_alarm_that_waited_for_a_move_that_succeeded_changes_nothing(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    alarms: list[str] = []

    def alarm() -> None:
        if not alarms:
            alarms.append(machine.start(alarm_event()))
            machine.until(lambda: "AwaitSwitchover" in machine.states(alarms[0]), 30)

    faults.call("AwaitDrain", alarm)
    assert regions.run(SWITCHOVER).output["outcome"] == "switched_over"
    assert machine.wait(alarms[0], 60).output["outcome"] == "cooling_down"
    assert machine.active() == (SECONDARY, 2)


def test_a_person_s_failover_does_not_wait_for_a_move(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    seen: list[str] = []

    def by_hand() -> None:
        if not seen:
            seen.append(machine.run(FAILOVER).output["outcome"])

    faults.call("AwaitDrain", by_hand)
    assert regions.run(SWITCHOVER).output["outcome"] == "switched_over"
    assert seen == ["duplicate"]


def test_a_failover_in_the_midst_of_an_abandoned_drain_promotes(
    regions: TwoRegions, machine: Machine, network: Network
) -> None:
    drain = {"state": "draining", "changed_by": "arn:dead", "drain_to": SECONDARY}
    regions.change_control(**drain, drain_until=99_999_999_999_999)
    network.lose_primary()
    assert machine.run(alarm_event()).output["outcome"] == "promoted"
    control = regions.control()
    assert (control["active_region"], control["state"]) == (SECONDARY, "serving")
    assert not {"drain_until", "drain_to"} & set(control)


# --- handed over ----------------------------------------------------------------------------------


@pytest.fixture
def handing(regions: TwoRegions, machine: Machine) -> TwoRegions:
    """The failover machine knows the switchover machine."""
    text = definition(Topic=machine.topic, SwitchoverMachine=regions.arn)
    machine.arn = machine.deploy(text, "pilot-light-failover-handing")
    return regions


def test_a_failover_by_hand_is_handed_over_and_loses_nothing(
    handing: TwoRegions, machine: Machine
) -> None:
    run = machine.run(GRACEFUL)
    assert run.output["outcome"] == "handed_over"
    move = machine.wait(run.output["execution"], 60)
    assert move.output["outcome"] == "switched_over"
    assert move.output["proof"]["proven"] is True
    assert machine.active() == (SECONDARY, 2)


def test_a_retried_hand_over_starts_no_second_move(
    handing: TwoRegions, machine: Machine, faults: Faults
) -> None:
    def started_but_unanswered() -> None:
        faults.by_state.clear()
        (mine,) = machine.sfn.list_executions(stateMachineArn=machine.arn)["executions"]
        given = json.dumps({"mode": "switchover", "reason": "the first attempt"})
        first = machine.sfn.start_execution(
            stateMachineArn=handing.arn, name=mine["name"], input=given
        )
        machine.wait(first["executionArn"], 60)
        raise aws_error("InternalServerError")

    faults.call("HandOver", started_but_unanswered)
    assert machine.run(GRACEFUL).output["outcome"] == "handed_over"
    assert len(handing.executions()) == 1


def test_a_hand_over_that_fails_tells_how_to_go_on_in_a_disaster(
    handing: TwoRegions, machine: Machine, faults: Faults
) -> None:
    faults.always("HandOver", aws_error("AccessDeniedException"))
    run = machine.run(GRACEFUL)
    assert run.status == "FAILED"
    assert '"graceful": false' in run.cause
    assert machine.lock() == {}
    assert handing.executions() == []


def test_a_failover_after_a_break_glass_fails_clearly(
    regions: TwoRegions, machine: Machine, network: Network
) -> None:
    network.lose_primary()
    regions.change_control(break_glass="2026-11-25 by ops")
    run = machine.run(FAILOVER)
    assert "BreakGlassUnreconciled" in run.cause
    assert machine.active() == (PRIMARY, 1)


def test_a_break_glass_between_judgement_and_promotion_is_not_overruled(
    regions: TwoRegions, machine: Machine, network: Network
) -> None:
    network.lose_primary()
    machine.faults.call("Promote", lambda: regions.change_control(break_glass="by ops"))
    run = machine.run(FAILOVER)
    assert "BreakGlassUnreconciled" in run.cause
    assert machine.active() == (PRIMARY, 1)
