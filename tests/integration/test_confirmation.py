"""The sentinel and the alarm start the machine; an outage needs the probes and one more witness."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pilotlight.failover.decision import BEACON_JUDGEMENTS

from tests.integration.machine import CONTROL, PRIMARY, RECOVERIES, SECONDARY
from tests.integration.test_outcomes import FAILOVER, alarm_event, sentinel_request

if TYPE_CHECKING:
    from tests.integration.conftest import Network
    from tests.integration.machine import Machine


@pytest.mark.parametrize("given", [alarm_event(), sentinel_request()], ids=["alarm", "sentinel"])
def test_either_starts_a_recovery(
    machine: Machine, network: Network, given: dict[str, Any]
) -> None:
    network.lose_primary()
    run = machine.run(given)
    assert run.output["outcome"] == "promoted"
    assert machine.active() == (SECONDARY, 2)


@pytest.mark.parametrize(
    ("first", "second"),
    [(sentinel_request(), alarm_event()), (alarm_event(), sentinel_request())],
    ids=["the alarm later", "the sentinel later"],
)
def test_the_second_changes_nothing_and_tells_nobody(
    machine: Machine, network: Network, first: dict[str, Any], second: dict[str, Any]
) -> None:
    network.lose_primary()
    machine.run(first)
    later = machine.run(second)
    assert (later.status, later.output["outcome"]) == ("SUCCEEDED", "already_promoted")
    assert machine.active() == (SECONDARY, 2)
    assert [event for event, _ in machine.notices()] == ["started", "promoted"]


def test_an_alarm_beside_a_run_that_holds_is_a_duplicate_and_tells_nobody(
    machine: Machine, network: Network
) -> None:
    network.lose_primary()
    network.secondary_up = False
    holding = machine.start(sentinel_request())
    machine.until(lambda: "NotifyHold" in machine.states(holding))
    beside = machine.run(alarm_event())
    assert beside.output == {"outcome": "duplicate", "owner": holding}
    network.secondary_up = True
    assert machine.wait(holding).output["outcome"] == "promoted"
    assert [event for event, _ in machine.notices()] == ["held", "promoted"]


def test_a_beacon_that_follows_the_probes_is_waited_for_without_a_message(
    machine: Machine, network: Network
) -> None:
    network.primary_up = False
    arn = machine.start(sentinel_request())
    machine.until(lambda: "LetTheBeaconFollow" in machine.states(arn))
    network.lose_primary()
    assert machine.wait(arn).output["outcome"] == "promoted"
    assert [event for event, _ in machine.notices()] == ["started", "promoted"]


def test_a_partition_is_a_hold_that_says_who_saw_what(machine: Machine, network: Network) -> None:
    network.primary_up = False
    arn = machine.start(sentinel_request())
    machine.until(lambda: "WaitToJudgeAgain" in machine.states(arn), seconds=30)
    held = dict(machine.notices())["held"]
    assert "0 of 3 own probes of the Primary succeeded, the beacon is healthy" in held
    assert "Route 53's checkers do." in held
    assert machine.states(arn).count("LetTheBeaconFollow") == BEACON_JUDGEMENTS
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
    kept = {"pulse_still_since": at - timedelta(seconds=40), "observed_at": at}
    times = {name: {"S": moment.isoformat()} for name, moment in kept.items()}
    machine.sentinel(pulse_beat={"N": "5"}, **times)
    arn = machine.start(sentinel_request())
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
    machine.until(lambda: "WaitToJudgeAgain" in machine.states(arn), seconds=30)
    assert machine.active() == (PRIMARY, 1)
    assert f"the beacon is {beacon}" in dict(machine.notices())["held"]
    machine.stop(arn)


@pytest.mark.parametrize("given", [alarm_event(), sentinel_request()], ids=["alarm", "sentinel"])
def test_a_primary_that_was_never_seen_well_is_not_failed_away_from(
    machine: Machine, network: Network, given: dict[str, Any]
) -> None:
    """As in a first deployment, while the Primary is not there yet."""
    machine.dynamodb.delete_item(TableName=RECOVERIES, Key={"pk": {"S": "sentinel"}})
    network.lose_primary()
    holding = machine.start(given)
    machine.until(lambda: "NotifyHold" in machine.states(holding))
    assert machine.active() == (PRIMARY, 1)
    machine.sentinel()
    assert machine.wait(holding).output["outcome"] == "promoted"
    event, message = machine.notices()[0]
    assert event == "held"
    assert "never seen the Primary well" in message
