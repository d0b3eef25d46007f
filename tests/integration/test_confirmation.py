"""Both alarms start the machine; an outage needs the probes and one more witness."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.machine import CONTROL, PRIMARY, RECOVERIES, SECONDARY
from tests.integration.test_outcomes import (
    FAILOVER,
    ROUTE_53_ALARM,
    SENTINEL_ALARM,
    alarm_event,
)

if TYPE_CHECKING:
    from tests.integration.conftest import Network
    from tests.integration.machine import Machine


def event_of(arn: str) -> dict[str, Any]:
    """The event of one of the two alarms, from the Region where it stands."""
    found = alarm_event(resources=[arn], region=arn.split(":")[3])
    found["detail"]["alarmName"] = arn.rsplit(":", 1)[1]
    return found


@pytest.mark.parametrize("arn", [ROUTE_53_ALARM, SENTINEL_ALARM])
def test_either_alarm_starts_a_recovery(machine: Machine, network: Network, arn: str) -> None:
    network.lose_primary()
    run = machine.run(event_of(arn))
    assert run.output["outcome"] == "promoted"
    assert machine.active() == (SECONDARY, 2)


@pytest.mark.parametrize(
    ("first", "second"),
    [(SENTINEL_ALARM, ROUTE_53_ALARM), (ROUTE_53_ALARM, SENTINEL_ALARM)],
)
def test_the_second_alarm_changes_nothing_and_tells_nobody(
    machine: Machine, network: Network, first: str, second: str
) -> None:
    network.lose_primary()
    machine.run(event_of(first))
    later = machine.run(event_of(second))
    assert (later.status, later.output["outcome"]) == ("SUCCEEDED", "cooling_down")
    assert machine.active() == (SECONDARY, 2)
    assert [event for event, _ in machine.notices()] == ["started", "promoted"]


def test_an_alarm_beside_a_run_that_holds_is_a_duplicate_and_tells_nobody(
    machine: Machine, network: Network
) -> None:
    network.lose_primary()
    network.secondary_up = False
    holding = machine.start(event_of(SENTINEL_ALARM))
    machine.until(lambda: "NotifyHold" in machine.states(holding))
    beside = machine.run(event_of(ROUTE_53_ALARM))
    assert beside.output == {"outcome": "duplicate", "owner": holding}
    network.secondary_up = True
    assert machine.wait(holding).output["outcome"] == "promoted"
    assert [event for event, _ in machine.notices()] == ["started", "held", "promoted"]


def test_a_beacon_that_follows_the_probes_is_waited_for_without_a_message(
    machine: Machine, network: Network
) -> None:
    network.primary_up = False
    arn = machine.start(event_of(SENTINEL_ALARM))
    machine.until(lambda: "LetTheBeaconFollow" in machine.states(arn))
    network.lose_primary()
    assert machine.wait(arn).output["outcome"] == "promoted"
    assert [event for event, _ in machine.notices()] == ["started", "promoted"]


def test_a_partition_is_a_hold_that_says_who_saw_what(machine: Machine, network: Network) -> None:
    network.primary_up = False
    arn = machine.start(event_of(SENTINEL_ALARM))
    machine.until(lambda: "NotifyHold" in machine.states(arn), seconds=30)
    held = dict(machine.notices())["held"]
    assert "0 of 3 own probes of the Primary succeeded, the beacon says healthy" in held
    assert "Route 53's checkers do." in held
    assert machine.states(arn).count("LetTheBeaconFollow") == 3
    network.heal_primary()
    run = machine.wait(arn)
    assert run.output["decision"]["ended_by"] == "primary_healthy"
    assert machine.active() == (PRIMARY, 1)


@pytest.mark.parametrize(("beat", "promotes"), [(5, True), (6, False)], ids=["still", "moves"])
def test_a_pulse_that_stands_still_stands_in_for_the_beacon(
    machine: Machine, network: Network, beat: int, promotes: bool
) -> None:
    """Users may reach a Primary that is cut off from the quorum. It can acknowledge no write."""
    network.primary_up = False
    pulse = {"pk": {"S": "pulse"}, "beat": {"N": str(beat)}}
    machine.dynamodb.put_item(TableName=CONTROL, Item=pulse)
    at = datetime.now(UTC)
    kept = {"pulse_still_since": at - timedelta(seconds=40), "looked_at": at}
    item = {"pk": {"S": "sentinel"}, "pulse_beat": {"N": "5"}}
    item |= {name: {"S": moment.isoformat()} for name, moment in kept.items()}
    machine.dynamodb.put_item(TableName=RECOVERIES, Item=item)
    arn = machine.start(event_of(SENTINEL_ALARM))
    if promotes:
        run = machine.wait(arn)
        assert run.output["outcome"] == "promoted"
        assert "The pulse has stood still for 40" in str(run.output["decision"]["conditions"])
        return
    machine.until(lambda: "NotifyHold" in machine.states(arn), seconds=30)
    assert machine.active() == (PRIMARY, 1)
    machine.stop(arn)


@pytest.mark.parametrize(
    ("primary_up", "beacon"), [(False, "unknown"), (True, "unhealthy"), (True, "unknown")]
)
def test_fewer_than_two_witnesses_hold(
    machine: Machine, network: Network, primary_up: bool, beacon: str
) -> None:
    network.primary_up, network.beacon = primary_up, beacon
    arn = machine.start(FAILOVER)
    machine.until(lambda: "NotifyHold" in machine.states(arn), seconds=30)
    assert machine.active() == (PRIMARY, 1)
    assert f"the beacon says {beacon}" in dict(machine.notices())["held"]
    machine.stop(arn)
