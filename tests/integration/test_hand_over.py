"""A failover that meets a planned move: one promotion, none overruled."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.integration.machine import (
    PRIMARY,
    SECONDARY,
    FunctionFailed,
    aws_error,
    definition,
)
from tests.integration.test_failures import FAILOVER
from tests.integration.test_outcomes import alarm_event
from tests.integration.two_regions import SWITCHOVER

if TYPE_CHECKING:
    from tests.integration.conftest import Network
    from tests.integration.machine import Faults, Machine
    from tests.integration.two_regions import TwoRegions

GRACEFUL = {"mode": "failover", "reason": "maintenance of the Primary"}


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
        raise FunctionFailed("SomeError")

    faults.call("Prove", lost)
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

    faults.call("Prove", alarm)
    assert regions.run(SWITCHOVER).output["outcome"] == "switched_over"
    assert machine.wait(alarms[0], 60).output["outcome"] == "already_promoted"
    assert machine.active() == (SECONDARY, 2)


def test_a_person_s_failover_does_not_wait_for_a_move(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    seen: list[str] = []

    def by_hand() -> None:
        if not seen:
            seen.append(machine.run(FAILOVER).output["outcome"])

    faults.call("Prove", by_hand)
    assert regions.run(SWITCHOVER).output["outcome"] == "switched_over"
    assert seen == ["duplicate"]


def test_a_failover_in_the_midst_of_an_abandoned_drain_promotes(
    regions: TwoRegions, machine: Machine, network: Network
) -> None:
    machine.change("drain", by="arn:dead", move="arn:dead", drain_until=99_999_999_999_999)
    network.lose_primary()
    assert machine.run(alarm_event()).output["outcome"] == "promoted"
    control = regions.control()
    assert (control["active_region"], control["state"]) == (SECONDARY, "serving")
    assert not {"drain_until", "move"} & set(control)


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
    assert handing.write(PRIMARY)
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
