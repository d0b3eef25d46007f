"""Every outcome of the failover machine, executed."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pilotlight.sentinel.level import Outage

from tests.conftest import ENVIRONMENT
from tests.integration import conftest
from tests.integration.machine import CONTROL, PRIMARY, RECOVERIES, SECONDARY
from tools.bench import assumed

if TYPE_CHECKING:
    from tests.integration.conftest import Network
    from tests.integration.machine import Faults, Machine

FAILOVER = {"mode": "failover", "reason": "test", "graceful": False}
DRILL = {"mode": "drill", "reason": "test"}
REHEARSAL = {"mode": "rehearsal", "reason": "test"}
ROUTE_53_ALARM = ENVIRONMENT["ALARM_ARNS"]


def alarm_event(**changes: Any) -> dict[str, Any]:
    """The event as CloudWatch documents it, but for a wrong value or two."""
    event = {
        "version": "0",
        "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": "123456789012",
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": "us-east-1",
        "resources": [ROUTE_53_ALARM],
        "detail": {
            "alarmName": "pilot-light-primary-unhealthy",
            "configuration": {"metrics": []},
            "previousState": {"value": "OK"},
            "state": {"value": "ALARM", "reason": "Threshold Crossed", "reasonData": "{}"},
        },
    }
    return event | changes


def sentinel_request(attempt: int = 1) -> dict[str, Any]:
    """The request of the sentinel, as it makes it for an outage."""
    return replace(Outage("2026-01-31T12:00:05.000Z"), attempts=attempt - 1).request()


def test_the_alarm_of_a_lost_primary_promotes_the_secondary(
    machine: Machine, network: Network
) -> None:
    network.lose_primary()
    run = machine.run(alarm_event())
    assert (run.status, run.output["outcome"]) == ("SUCCEEDED", "promoted")
    assert machine.active() == (SECONDARY, 2)
    assert run.output["epoch"] == 2
    assert run.output["traffic"]["region"] == SECONDARY
    assert [event for event, _ in machine.notices()] == ["started", "promoted"]
    record = machine.record(2)
    assert record["execution"]["S"] == run.arn
    assert record["trigger"]["S"] == "alarm"


def test_a_promotion_claims_waits_out_the_lease_and_then_serves(
    machine: Machine, network: Network
) -> None:
    network.lose_primary()
    seen: list[str] = []
    machine.faults.call("Serve", lambda: seen.append(machine.control()["state"]))
    run = machine.run(FAILOVER)
    claim = run.states.index("Claim")
    assert run.states[claim : claim + 3] == ["Claim", "WaitOutLease", "Serve"]
    assert seen == ["claimed"], "nobody writes until the lease is over"
    control = machine.control()
    assert (control["state"], control["revision"]) == ("serving", "3")
    assert control["changed_by"] == run.arn
    assert 800 < int(control["cooldown_until"]) - time.time() < 901
    times = run.output["timeline"]
    order = ["started_at", "decided_at", "promoted_at", "served_at", "traffic_confirmed_at"]
    assert [times[name] for name in order] == sorted(times[name] for name in order)


def test_until_the_claim_no_more_states_are_entered_than_the_benchmark_assumes(
    machine: Machine, network: Network
) -> None:
    network.lose_primary()
    run = machine.run(sentinel_request())
    entered = run.states[: run.states.index("Claim") + 1]
    assert 12 < len(entered) <= assumed.STATES, entered


def test_a_promotion_leaves_no_lock(machine: Machine, network: Network) -> None:
    network.lose_primary()
    machine.run(FAILOVER)
    assert machine.lock() == {}


def test_a_second_run_finds_the_secondary_promoted(machine: Machine, network: Network) -> None:
    network.lose_primary()
    machine.run(FAILOVER)
    run = machine.run(FAILOVER)
    assert run.output["outcome"] == "already_promoted"
    assert machine.active() == (SECONDARY, 2)
    assert machine.lock() == {}
    assert "GatherEvidence" not in run.states


def test_a_rehearsal_goes_through_everything_but_the_promotion_and_changes_nothing(
    machine: Machine,
) -> None:
    before = machine.control()
    run = machine.run(REHEARSAL)
    assert run.output["outcome"] == "rehearsed"
    assert {"ConfirmOutage", "VerifyReadiness", "WarmFunctions", "RehearseClaim"} <= set(run.states)
    assert machine.control() == before
    assert machine.lock() == {}
    assert machine.rows(CONTROL) == ["control"]


def test_a_rehearsal_of_an_unready_secondary_is_held_at_once_and_says_why(
    machine: Machine, network: Network
) -> None:
    network.secondary_up = False
    run = machine.run(REHEARSAL)
    assert run.output["outcome"] == "held"
    assert run.output["decision"]["unmet"] == ["secondary_ready", "conforms_to_level"]
    assert run.output["decision"]["ended_by"] == "rehearsal"
    assert "endpoint" in run.output["summary"]
    assert machine.lock() == {}


def test_a_failover_of_a_healthy_primary_is_held_and_ends(machine: Machine) -> None:
    run = machine.run(FAILOVER)
    assert run.output["outcome"] == "held"
    assert run.output["decision"]["unmet"] == ["outage_confirmed"]
    assert run.output["decision"]["ended_by"] == "primary_healthy"
    assert machine.active() == (PRIMARY, 1)
    assert [event for event, _ in machine.notices()] == ["hold_ended"]


def test_a_person_may_answer_for_the_outage(machine: Machine) -> None:
    run = machine.run({**FAILOVER, "override": ["outage_confirmed"]})
    assert run.output["outcome"] == "promoted"


def test_nobody_can_answer_for_an_unready_secondary(machine: Machine, network: Network) -> None:
    network.lose_primary()
    network.secondary_up = False
    arn = machine.start({**FAILOVER, "override": ["outage_confirmed"]})
    machine.until(lambda: machine.states(arn).count("Decide") >= 2)
    assert machine.active() == (PRIMARY, 1)
    machine.stop(arn)


def test_a_partition_between_the_regions_holds(machine: Machine, network: Network) -> None:
    network.primary_up = False  # seen from here; the checkers elsewhere still reach it
    arn = machine.start(alarm_event())
    machine.until(lambda: machine.states(arn).count("Decide") >= 2)
    assert machine.active() == (PRIMARY, 1)
    network.heal_primary()
    assert machine.wait(arn).output["decision"]["ended_by"] == "primary_healthy"


def test_a_hold_notifies_once_and_promotes_when_its_condition_is_met(
    machine: Machine, network: Network
) -> None:
    network.lose_primary()
    network.secondary_up = False
    arn = machine.start(DRILL)
    machine.until(lambda: machine.states(arn).count("WaitToJudgeAgain") >= 3)
    network.secondary_up = True
    run = machine.wait(arn)
    assert run.output["outcome"] == "promoted"
    notices = machine.notices()
    assert [event for event, _ in notices] == ["held", "promoted"]
    assert "UNMET  secondary_ready" in notices[0][1]
    assert "met    outage_confirmed" in notices[0][1]


def test_a_hold_ends_at_its_deadline(
    machine: Machine, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conftest.loaded("decide"), "HOLD_DEADLINE", timedelta(seconds=0.2))
    network.beacon = "unhealthy"
    run = machine.run(FAILOVER)
    assert run.output["outcome"] == "held"
    assert run.output["decision"]["ended_by"] == "deadline"
    assert [event for event, _ in machine.notices()] == ["held", "hold_ended"]
    assert machine.lock() == {}


def test_two_started_at_once_promote_once(machine: Machine, network: Network) -> None:
    network.lose_primary()
    runs = [machine.wait(arn) for arn in [machine.start(alarm_event()) for _ in range(2)]]
    outcomes = sorted(run.output["outcome"] for run in runs)
    assert outcomes in (["duplicate", "promoted"], ["already_promoted", "promoted"])
    assert [event for event, _ in machine.notices()] == ["started", "promoted"]
    assert machine.active() == (SECONDARY, 2)


def test_a_second_run_is_a_duplicate_while_the_lock_is_held(
    machine: Machine, network: Network
) -> None:
    network.lose_primary()
    network.secondary_up = False
    first = machine.start(alarm_event())
    machine.until(lambda: "WaitToJudgeAgain" in machine.states(first))
    second = machine.run(alarm_event())
    assert second.output == {"outcome": "duplicate", "owner": first}
    network.secondary_up = True
    assert machine.wait(first).output["outcome"] == "promoted"


def test_a_lock_that_is_released_before_it_is_read_is_asked_for_again(
    machine: Machine, network: Network, faults: Faults
) -> None:
    """Else the alarm's only event would end as the duplicate of a run that is no more."""
    network.lose_primary()
    held = {"pk": {"S": "lock"}, "owner": {"S": "arn:held"}}
    held["expires_at"] = {"N": str(int(time.time()) + 900)}
    machine.dynamodb.put_item(TableName=RECOVERIES, Item=held)

    def release() -> None:
        machine.dynamodb.delete_item(TableName=RECOVERIES, Key={"pk": {"S": "lock"}})

    faults.call("ReadLock", release)
    run = machine.run(alarm_event())
    assert run.output["outcome"] == "promoted"
    assert run.states.count("AcquireLock") == 2


def test_an_expired_lock_is_taken_over(machine: Machine, network: Network) -> None:
    network.lose_primary()
    dead = {
        "pk": {"S": "lock"},
        "owner": {"S": "arn:dead"},
        "expires_at": {"N": str(int(time.time()) - 1)},
    }
    machine.dynamodb.put_item(TableName=RECOVERIES, Item=dead)
    assert machine.run(FAILOVER).output["outcome"] == "promoted"


def test_a_suppressed_event_is_dropped(machine: Machine) -> None:
    state = {"value": "ALARM", "actionsSuppressedBy": "WaitPeriod"}
    run = machine.run(alarm_event(detail={"alarmName": "a", "state": state}))
    assert run.output["outcome"] == "dropped"
    assert machine.rows(RECOVERIES) == []
    assert machine.notices() == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"mode": "panic", "reason": "x"}, "mode"),
        ({"mode": "failover"}, "reason"),
        ({"mode": "failover", "reason": ""}, "reason"),
        ({"mode": "failover", "reason": "x", "force": True}, "force"),
        ({"mode": "failover", "reason": "x", "override": ["secondary_ready"]}, "override"),
        ({}, "mode"),
        (alarm_event(resources=["arn:aws:cloudwatch:us-east-1:1:alarm:other"]), "another alarm"),
        (alarm_event(detail={"alarmName": "a", "state": {"value": "OK"}}), "only ALARM"),
        (alarm_event(detail={}), "detail"),
        (alarm_event(time="some time yesterday, late"), "time"),
    ],
)
def test_bad_input_fails_with_what_is_wrong_and_changes_nothing(
    machine: Machine, given: dict[str, Any], says: str
) -> None:
    run = machine.run(given)
    assert (run.status, run.error) == ("FAILED", "InvalidExecutionInput")
    assert says in run.cause
    assert machine.active() == (PRIMARY, 1)
    assert machine.rows(RECOVERIES) == []
    assert [event for event, _ in machine.notices()] == ["failed"]


def test_a_missing_control_item_fails_and_is_not_taken_for_consent(
    machine: Machine, network: Network
) -> None:
    network.lose_primary()
    machine.dynamodb.delete_item(TableName=CONTROL, Key={"pk": {"S": "control"}})
    run = machine.run(FAILOVER)
    assert run.status == "FAILED"
    assert "ControlItemMissing" in run.cause
    assert machine.lock() == {}
