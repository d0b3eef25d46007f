"""An outage is acted on until somebody serves, whatever the runs before this one left behind."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.machine import (
    CONTROL,
    PRIMARY,
    RECOVERIES,
    SECONDARY,
    aws_error,
    definition,
)
from tests.integration.test_failures import janitor
from tests.integration.test_outcomes import alarm_event, sentinel_request
from tests.integration.two_regions import FAILBACK, SWITCHOVER

if TYPE_CHECKING:
    import collections.abc

    from tests.integration.conftest import Network
    from tests.integration.machine import Faults, Machine
    from tests.integration.two_regions import TwoRegions

FAILOVER = {"mode": "failover", "reason": "test", "graceful": False}
UNREADABLE = {"mode": "sideways"}
REHEARSAL = {"mode": "rehearsal", "reason": "test"}


def cooldown(machine: Machine, ends_in: float) -> None:
    """The last claim's cooldown ends in so many seconds."""
    machine.dynamodb.update_item(
        TableName=CONTROL,
        Key={"pk": {"S": "control"}},
        UpdateExpression="SET cooldown_until = :until",
        ExpressionAttributeValues={":until": {"N": str(int(time.time() + ends_in))}},
    )


def lock(world: Machine, owner: str, expires_in: int = 9000, **more: str) -> None:
    item = {"pk": {"S": "lock"}, "owner": {"S": owner}}
    item |= {"expires_at": {"N": str(int(time.time()) + expires_in)}}
    item |= {name: {"S": value} for name, value in more.items()}
    world.dynamodb.put_item(TableName=RECOVERIES, Item=item)


# --- the cooldown ---------------------------------------------------------------------------------
def test_an_outage_soon_after_a_failback_is_told_at_once_and_recovered_when_the_cooldown_ends(
    regions: TwoRegions, machine: Machine, network: Network
) -> None:
    regions.serve(SECONDARY, 2)
    assert regions.run(FAILBACK).output["outcome"] == "switched_over"
    machine.notices()
    network.lose_primary()
    arn = machine.start(alarm_event())
    machine.until(lambda: "WaitToJudgeAgain" in machine.states(arn))
    second = machine.run(sentinel_request())
    assert second.output["outcome"] == "duplicate"
    ((event, message),) = machine.notices()
    assert event == "held"
    assert "UNMET  cooldown_over: The last claim was made just now" in message
    assert machine.active() == (PRIMARY, 3)
    cooldown(machine, -1)
    assert machine.wait(arn).output["outcome"] == "promoted"
    assert machine.active() == (SECONDARY, 4)
    assert [e for e, _ in machine.notices()] == ["promoted"]


def test_a_person_may_fail_over_within_the_cooldown(machine: Machine, network: Network) -> None:
    network.lose_primary()
    cooldown(machine, 600)
    run = machine.run({**FAILOVER, "override": ["cooldown_over"]})
    assert run.output["outcome"] == "promoted"


def test_a_refused_move_leaves_the_cooldown_as_it_was(
    regions: TwoRegions, machine: Machine, network: Network
) -> None:
    cooldown(machine, 600)
    before = machine.control()
    network.releases[SECONDARY] = "other"
    run = regions.run(SWITCHOVER)
    assert run.output["outcome"] == "refused"
    assert (machine.control(), machine.lock()) == (before, {})


# --- the lock -------------------------------------------------------------------------------------
def ended(machine: Machine, how: str) -> str:
    """A run that has ended."""
    arn = machine.start(REHEARSAL if how == "SUCCEEDED" else UNREADABLE)
    if how == "ABORTED":
        arn = machine.start(FAILOVER | {"mode": "drill"})
        machine.until(lambda: machine.states(arn))
        machine.stop(arn)
    assert machine.wait(arn).status == how
    return arn


@pytest.mark.parametrize("how", ["SUCCEEDED", "FAILED", "ABORTED"])
@pytest.mark.parametrize("which", ["failover", "switchover"])
def test_the_lock_of_a_run_that_has_ended_is_free(
    regions: TwoRegions, machine: Machine, network: Network, how: str, which: str
) -> None:
    if how == "ABORTED":
        network.beacon = "unhealthy"
    owner = ended(machine, how)
    network.beacon = "healthy"
    lock(machine, owner, mode="drill", machine="failover")
    if which == "switchover":
        assert regions.run(SWITCHOVER).output["outcome"] == "switched_over"
    else:
        network.lose_primary()
        run = machine.run(alarm_event())
        assert run.output["outcome"] == "promoted"
        assert run.states[5:9] == [*("AcquireLock", "ReadLock", "IsLockHeld", "IsOwnerAtWork")]
    assert machine.lock() == {}


@pytest.mark.parametrize("which", ["failover", "switchover"])
def test_where_nobody_says_whether_the_owner_is_at_work_the_lock_s_expiry_counts(
    regions: TwoRegions, machine: Machine, network: Network, faults: Faults, which: str
) -> None:
    network.lose_primary()
    lock(machine, ended(machine, "FAILED"), mode="drill", machine="failover")
    faults.always("IsOwnerAtWork", aws_error("AccessDeniedException"))
    runs: dict[str, collections.abc.Callable[[], Any]] = {
        "failover": lambda: machine.run(alarm_event()),
        "switchover": lambda: regions.run(SWITCHOVER),
    }
    assert runs[which]().output["outcome"] == "duplicate"
    if which == "failover":
        lock(machine, machine.lock()["owner"]["S"], expires_in=-1)
        assert runs[which]().output["outcome"] == "promoted"


def test_an_owner_that_is_no_execution_holds_until_its_lock_runs_out(
    machine: Machine, network: Network
) -> None:
    network.lose_primary()
    lock(machine, "somebody")
    assert machine.run(alarm_event()).output == {"outcome": "duplicate", "owner": "somebody"}


def test_an_alarm_asks_for_the_lock_of_a_planned_move_until_it_is_free(
    machine: Machine, network: Network, faults: Faults
) -> None:
    network.lose_primary()
    lock(machine, "somebody", machine="switchover")
    left = [lambda: None, lambda: None, lambda: free(machine)]
    faults.call("ReadLock", lambda: left.pop(0)())
    run = machine.run(alarm_event())
    assert (run.output["outcome"], run.states.count("AwaitSwitchover")) == ("promoted", 2)


def test_a_lock_that_never_becomes_free_ends_the_run_failed_and_told(
    machine: Machine, network: Network
) -> None:
    network.lose_primary()
    lock(machine, "somebody", machine="switchover")
    text = definition(Topic=machine.topic).replace("$lockReads > 1000", "$lockReads > 3")
    arn = machine.deploy(text, "pilot-light-failover-hasty")
    run = machine.wait(machine.start(alarm_event(), arn))
    assert run.status == "FAILED"
    assert "LockNeverFree" in run.cause
    assert [event for event, _ in machine.notices()] == ["failed"]


def free(machine: Machine) -> None:
    machine.dynamodb.delete_item(TableName=RECOVERIES, Key={"pk": {"S": "lock"}})


def test_a_lock_that_a_run_left_which_succeeded_is_freed_by_the_janitor(
    machine: Machine, faults: Faults, network: Network
) -> None:
    faults.always("ReleaseLock", aws_error("ThrottlingException"))
    first = machine.run(alarm_event())
    assert (first.status, first.output["outcome"]) == ("SUCCEEDED", "held")
    assert machine.lock()["owner"]["S"] == first.arn
    assert janitor(machine, first)["released"] is True
    assert (machine.lock(), machine.notices()) == ({}, [])


# --- a throttled minute ---------------------------------------------------------------------------
@pytest.mark.parametrize("state", ["Intake", "Decide"])
def test_a_function_that_is_throttled_for_a_minute_delays_a_recovery(
    machine: Machine, network: Network, faults: Faults, state: str
) -> None:
    network.lose_primary()
    left = [aws_error("TooManyRequestsException") for _ in range(9)]
    faults.call(state, lambda: raise_next(left))
    assert machine.run(alarm_event()).output["outcome"] == "promoted"


@pytest.mark.parametrize(
    "state",
    ["AcquireLock", "ReadControl", "Claim", "Serve", "RecordRecovery", "ReleaseLock"],
)
def test_a_table_that_is_throttled_for_a_minute_delays_a_recovery(
    machine: Machine, network: Network, faults: Faults, state: str
) -> None:
    network.lose_primary()
    left = [aws_error("ProvisionedThroughputExceededException") for _ in range(9)]
    faults.call(state, lambda: raise_next(left))
    run = machine.run(alarm_event())
    assert run.output["outcome"] == "promoted"
    assert run.states.count("Claim") == 1
    assert machine.lock() == {}


def raise_next(left: list[Any]) -> None:
    if left:
        raise left.pop()


# --- events ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("minutes", [16, 60 * 23])
def test_an_old_event_of_a_region_that_fails_now_is_acted_on(
    machine: Machine, network: Network, minutes: int
) -> None:
    network.lose_primary()
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - minutes * 60))
    assert machine.run(alarm_event(time=at)).output["outcome"] == "promoted"


def test_an_event_of_a_region_that_is_well_now_starts_no_message(machine: Machine) -> None:
    run = machine.run(alarm_event())
    assert (run.output["outcome"], run.output["notified"]) == ("held", None)
    assert run.output["decision"]["ended_by"] == "primary_healthy"
    assert machine.notices() == []


def test_what_another_run_has_completed_is_told_once(machine: Machine, network: Network) -> None:
    network.lose_primary()
    runs = [machine.run(alarm_event()), machine.run(sentinel_request())]
    assert [r.output["outcome"] for r in runs] == ["promoted", "already_promoted"]
    assert [event for event, _ in machine.notices()] == ["started", "promoted"]


def test_a_blip_of_the_link_between_the_regions_starts_no_message(
    machine: Machine, network: Network, faults: Faults
) -> None:
    network.primary_up = False
    judgements: list[int] = []

    def second() -> None:
        judgements.append(1)
        network.primary_up = len(judgements) > 1

    faults.call("ReadControl", second)
    run = machine.run(alarm_event())
    ended_by = run.output["decision"]["ended_by"]
    assert (run.output["outcome"], ended_by) == ("held", "primary_healthy")
    assert run.states.count("LetTheBeaconFollow") == 1
    assert machine.notices() == []


# --- what the sentinel starts ---------------------------------------------------------------------
def test_the_same_failure_of_the_same_outage_is_told_once_an_hour(
    machine: Machine, network: Network, faults: Faults
) -> None:
    network.lose_primary()
    faults.always("Decide", aws_error("AccessDeniedException"))
    first = sentinel_request()
    outage = {"first_failed_at": {"S": first["outage"]["first_failed_at"]}}
    machine.dynamodb.put_item(TableName=RECOVERIES, Item={"pk": {"S": "outage"}, **outage})
    runs = [machine.run(sentinel_request(attempt)) for attempt in range(1, 4)]
    assert {run.status for run in runs} == {"FAILED"}
    assert [event for event, _ in machine.notices()] == ["failed"]
    assert machine.lock() == {}
    hour = {":at": {"N": str(int(time.time()) - 3601)}}
    machine.dynamodb.update_item(
        TableName=RECOVERIES,
        Key={"pk": {"S": "outage"}},
        UpdateExpression="SET notified_at = :at",
        ExpressionAttributeValues=hour,
    )
    machine.run(sentinel_request(4))
    assert [event for event, _ in machine.notices()] == ["failed"]


def test_another_failure_of_the_same_outage_is_news(
    machine: Machine, network: Network, faults: Faults
) -> None:
    network.lose_primary()
    for attempt, state in enumerate(("Decide", "ReadControl", "Decide"), 1):
        faults.by_state.clear()
        faults.always(state, aws_error("AccessDeniedException"))
        machine.run(sentinel_request(attempt))
    told = [message for event, message in machine.notices() if event == "failed"]
    assert [m.split("failed at ")[1].split(".")[0] for m in told] == [
        *("Decide", "ReadControl", "Decide")
    ]


def test_a_failure_that_cannot_be_kept_is_told(
    machine: Machine, network: Network, faults: Faults
) -> None:
    network.lose_primary()
    faults.always("Decide", aws_error("AccessDeniedException"))
    faults.always("KeepFailure", aws_error("InternalServerError"))
    for attempt in (1, 2):
        machine.run(sentinel_request(attempt))
    assert [event for event, _ in machine.notices()] == ["failed", "failed"]


def test_only_the_first_attempt_is_announced(machine: Machine, network: Network) -> None:
    network.lose_primary()
    assert machine.run(sentinel_request(2)).output["outcome"] == "promoted"
    assert [event for event, _ in machine.notices()] == ["promoted"]


# --- what a person has said to the automation -----------------------------------------------------
def said(machine: Machine, held_by: str = "", **until: float) -> None:
    item = {k: {"N": str(int(time.time() + v))} for k, v in until.items()}
    item |= {"held_by": {"S": held_by}} if held_by else {}
    machine.sentinel(**item)


@pytest.mark.parametrize("given", [alarm_event(), sentinel_request()], ids=["alarm", "sentinel"])
def test_nothing_recovers_by_itself_while_a_person_pauses_the_automation(
    machine: Machine, network: Network, given: dict[str, Any]
) -> None:
    network.lose_primary()
    said(machine, paused_until=3600)
    run = machine.run(given)
    assert run.output["outcome"] == "dropped"
    assert "The automation is paused until 20" in run.output["why"]
    assert machine.run(FAILOVER).output["outcome"] == "promoted", "a person may"


@pytest.mark.parametrize("until", [-1, 2 * 86400])
def test_a_pause_that_is_over_or_longer_than_a_day_counts_for_nothing(
    machine: Machine, network: Network, until: float
) -> None:
    network.lose_primary()
    said(machine, paused_until=until)
    assert machine.run(alarm_event()).output["outcome"] == "promoted"


def test_a_pause_that_cannot_be_read_stops_nothing(
    machine: Machine, network: Network, faults: Faults
) -> None:
    network.lose_primary()
    faults.always("ReadSentinel", aws_error("InternalServerError"))
    assert machine.run(alarm_event()).output["outcome"] == "promoted"


@pytest.mark.parametrize("given", [alarm_event(), sentinel_request()], ids=["alarm", "sentinel"])
def test_nothing_starts_by_itself_for_an_outage_of_which_a_person_stopped_a_run(
    machine: Machine, network: Network, given: dict[str, Any]
) -> None:
    network.lose_primary()
    said(machine, held_by="arn:stopped")
    run = machine.run(given)
    assert run.output["outcome"] == "dropped"
    assert "a person stopped arn:stopped" in run.output["why"]
    assert machine.run(FAILOVER).output["outcome"] == "promoted", "a person may"


@pytest.mark.parametrize("given", [alarm_event(), sentinel_request()], ids=["alarm", "sentinel"])
def test_an_outage_that_a_person_injects_is_recorded_as_a_drill(
    machine: Machine, network: Network, given: dict[str, Any]
) -> None:
    network.lose_primary()
    said(machine, drill_until=600)
    run = machine.run(given)
    assert (run.output["outcome"], run.output["mode"]) == ("promoted", "drill")
    assert machine.record(2)["mode"]["S"] == "drill"
