"""The janitor: frees the lock of an execution that died, and tells people when nobody else did."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pilot_light_client.table_errors import TableUnavailable
from pilotlight.failover import notification
from pilotlight.failover.aborted_notice import NOT_SENT

from tests.handlers import context, load_handler
from tests.messages import checked
from tests.unit.functions.fakes import CONTROL, RECOVERIES, FakeDynamoDB, aws_error, control_item

MODULE: Any = load_handler("janitor")
SWITCHOVER = "arn:aws:states:us-east-2:123456789012:stateMachine:pilot-light-switchover"
MACHINE = "arn:aws:states:us-east-2:123456789012:stateMachine:pilot-light-failover"
DEAD = "arn:aws:states:us-east-2:123456789012:execution:pilot-light-failover:dead"
ALIVE = "arn:aws:states:us-east-2:123456789012:execution:pilot-light-failover:alive"
TOPIC = "arn:aws:sns:us-east-2:123456789012:pilot-light-recovery"
OTHER_TOPIC = "arn:aws:sns:us-east-1:123456789012:pilot-light-recovery"
UNTOLD = {"notified": False}


def sent(message: dict[str, Any]) -> dict[str, Any]:
    """Return what a program that subscribes reads."""
    attributes = {k: v["StringValue"] for k, v in message["MessageAttributes"].items()}
    return checked(json.loads(message["Message"])["https"], attributes)


class World:
    """The recoveries table, and what was told to people."""

    def __init__(self, dynamodb: FakeDynamoDB) -> None:
        self.dynamodb = dynamodb
        self.told: list[dict[str, Any]] = []
        self.refuses: set[str] = set()
        self.regions: list[str] = []

    def client_of(self, region: str, _service: str) -> Any:
        self.regions.append(region)
        return self

    def publish(self, **message: Any) -> None:
        if message["TopicArn"] in self.refuses:
            raise aws_error("KMSDisabledException")
        self.told.append(message)

    def lock(self, **attributes: str) -> None:
        row = {"pk": {"S": "lock"}, **{name: {"S": value} for name, value in attributes.items()}}
        self.dynamodb.put_item(RECOVERIES, row)

    def locked(self) -> bool:
        return bool(self.dynamodb.rows(RECOVERIES))

    def clean_up(self, status: str, machine: str = MACHINE, **more: Any) -> dict[str, bool]:
        detail = {"executionArn": DEAD, "stateMachineArn": machine, "status": status, **more}
        return MODULE.lambda_handler({"detail": detail}, context("janitor"))


@pytest.fixture
def world(fake: FakeDynamoDB, monkeypatch: pytest.MonkeyPatch) -> World:
    found = World(fake)
    monkeypatch.setattr(MODULE, "DYNAMODB", fake)
    monkeypatch.setattr(MODULE, "SNS", found)
    monkeypatch.setattr(notification, "client_of", found.client_of)
    return found


@pytest.mark.parametrize("status", ["TIMED_OUT", "ABORTED", "FAILED"])
def test_the_lock_of_the_dead_is_freed_and_told(world: World, status: str) -> None:
    world.lock(owner=DEAD)
    assert world.clean_up(status) == {
        "undone": False,
        "released": True,
        "notified": True,
        "recorded": False,
    }
    assert not world.locked()
    message = world.told[0]
    assert message["TopicArn"] == TOPIC
    assert status in message["Subject"]
    assert len(message["Subject"]) <= 100, "SNS refuses longer ones"
    fields = sent(message)
    assert (fields["kind"], fields["severity"], fields["execution"]) == ("failed", "critical", DEAD)
    assert fields["runbook"] == "docs/runbook/timed-out-or-aborted.md"
    assert fields["text"].endswith("without finishing.\n\nIts lock was freed.")


@pytest.mark.parametrize("status", ["TIMED_OUT", "ABORTED"])
def test_a_run_that_was_cut_off_without_a_lock_is_told_too(world: World, status: str) -> None:
    assert world.clean_up(status) == {
        "undone": False,
        "released": False,
        "notified": True,
        "recorded": False,
    }
    assert "It held no lock." in world.told[0]["Message"]


@pytest.mark.parametrize("machine", [MACHINE, SWITCHOVER])
def test_a_run_that_failed_has_told_by_itself(world: World, machine: str) -> None:
    done = world.clean_up("FAILED", machine)
    assert done == {"undone": False, "released": False, "notified": False, "recorded": False}
    assert world.told == []


def test_another_runs_lock_stays(world: World) -> None:
    world.lock(owner=ALIVE)
    assert world.clean_up("ABORTED")["released"] is False
    assert world.locked()


# --- what a run that ended by itself may leave ----------------------------------------------------
def test_a_lock_that_a_run_left_which_succeeded_is_freed_and_nobody_is_woken(world: World) -> None:
    world.lock(owner=DEAD)
    done = world.clean_up("SUCCEEDED")
    assert (done["released"], done["notified"]) == (True, False)
    assert not world.locked()


@pytest.mark.parametrize(
    ("machine", "mode", "outcome", "event", "severity"),
    [
        (MACHINE, "failover", "promoted", "promoted", "warning"),
        (MACHINE, "failover", "held", "hold_ended", "critical"),
        (MACHINE, "rehearsal", "held", "hold_ended", "warning"),
        (SWITCHOVER, "failback", "refused", "refused", "warning"),
    ],
)
def test_an_end_that_the_run_could_not_tell_is_told(
    world: World, machine: str, mode: str, outcome: str, event: str, severity: str
) -> None:
    output = {"outcome": outcome, "mode": mode, "summary": "What came of it.", **UNTOLD}
    done = world.clean_up("SUCCEEDED", machine, output=json.dumps(output), input=OUTAGE)
    assert done["notified"] is True
    (message,) = world.told
    assert message["Subject"] == f"Pilot Light: {mode} ended: {outcome}"
    fields = sent(message)
    assert fields["text"] == "What came of it.\n\nThe run could not send this itself."
    assert (fields["kind"], fields["severity"], fields["mode"]) == (event, severity, mode)
    assert (fields["execution"], fields["outage_id"]) == (DEAD, "20260131T120005000Z")


@pytest.mark.parametrize(
    "output",
    [
        json.dumps({"outcome": "promoted", "notified": True}),
        json.dumps({"outcome": "held", "notified": None}),
        json.dumps({"outcome": "duplicate"}),
        json.dumps(["notified"]),
        "{",
        None,
    ],
)
def test_an_end_that_was_told_or_needs_no_telling_is_not_told_again(
    world: World, output: str | None
) -> None:
    assert world.clean_up("SUCCEEDED", output=output)["notified"] is False
    assert world.told == []


def test_a_failure_that_the_run_could_not_tell_is_told(world: World) -> None:
    cause = f"Decide: Boom: it broke {NOT_SENT}"
    assert world.clean_up("FAILED", cause=cause)["notified"] is True
    assert "Decide: Boom" in world.told[0]["Message"]
    world.told.clear()
    assert world.clean_up("FAILED", cause="Decide: Boom: it broke")["notified"] is False


def test_where_this_region_s_topic_takes_nothing_the_one_in_us_east_1_does(world: World) -> None:
    world.refuses = {TOPIC}
    assert world.clean_up("ABORTED")["notified"] is True
    assert [m["TopicArn"] for m in world.told] == [OTHER_TOPIC]
    assert world.regions == ["us-east-1"]


def test_a_message_that_no_topic_takes_is_an_error_so_that_the_event_is_delivered_again(
    world: World,
) -> None:
    world.refuses = {TOPIC, OTHER_TOPIC}
    with pytest.raises(ClientError, match="KMSDisabled"):
        world.clean_up("ABORTED")


def drain(world: World, by: str) -> dict[str, Any]:
    item = control_item(state="draining", changed_by=by, drain_until=1, move="m1", revision=7)
    world.dynamodb.put_item(CONTROL, item)
    return item


@pytest.mark.parametrize("status", ["TIMED_OUT", "ABORTED", "FAILED"])
def test_the_drain_of_the_dead_is_undone_and_told(world: World, status: str) -> None:
    drain(world, DEAD)
    done = world.clean_up(status, SWITCHOVER)
    assert done == {"undone": True, "released": False, "notified": True, "recorded": False}
    (found,) = world.dynamodb.rows(CONTROL)
    assert found["state"]["S"] == "serving"
    assert not {"drain_until", "move"} & set(found)
    assert (found["revision"]["N"], found["changed_by"]["S"]) == ("8", f"janitor of {DEAD}")
    assert (found["active_region"]["S"], found["epoch"]["N"]) == ("us-west-2", "1")
    assert "pilot-light-switchover" in world.told[0]["Message"]
    assert "Its drain was undone" in world.told[0]["Message"]


def test_another_run_s_drain_stays(world: World) -> None:
    item = drain(world, ALIVE)
    assert world.clean_up("ABORTED", SWITCHOVER)["undone"] is False
    assert world.dynamodb.rows(CONTROL) == [item]


def test_a_promotion_that_the_dead_made_stays(world: World) -> None:
    item = control_item("us-east-2", 2, "claimed", changed_by=DEAD)
    world.dynamodb.put_item(CONTROL, item)
    assert world.clean_up("ABORTED", SWITCHOVER)["undone"] is False
    assert world.dynamodb.rows(CONTROL) == [item], "the keeper serves it"


def test_a_drain_that_another_change_came_before_is_left_as_it_is_now(world: World) -> None:
    """A drain that was undone and came again is another revision."""
    drain(world, DEAD)
    again = control_item(state="draining", changed_by=ALIVE, drain_until=2**42, revision=9)

    def race(operation: str) -> None:
        if operation == "update_item":
            world.dynamodb.table(CONTROL)["control", ""] = again

    world.dynamodb.interrupt = race
    assert world.clean_up("ABORTED", SWITCHOVER)["undone"] is False
    assert world.dynamodb.rows(CONTROL) == [again]


@pytest.mark.parametrize("operation", ["get_item", "update_item"])
def test_without_a_quorum_the_drain_is_left_to_a_keeper_and_people_are_told(
    world: World, operation: str
) -> None:
    item = drain(world, DEAD)
    world.lock(owner=DEAD)
    world.dynamodb.failing[operation] = aws_error("InternalServerError")
    done = world.clean_up("TIMED_OUT", SWITCHOVER)
    assert (done["undone"], done["released"], done["notified"]) == (False, True, True)
    assert world.dynamodb.rows(CONTROL) == [item]


def test_cleaning_up_twice_frees_once(world: World) -> None:
    world.lock(owner=DEAD)
    assert [world.clean_up("FAILED")["released"] for _ in range(2)] == [True, False]


def test_a_lock_that_cannot_be_freed_is_an_error_so_that_the_event_is_delivered_again(
    world: World,
) -> None:
    world.lock(owner=DEAD)
    world.dynamodb.failing["delete_item"] = aws_error("InternalServerError")
    with pytest.raises(TableUnavailable, match="InternalServerError"):
        world.clean_up("TIMED_OUT")
    assert world.told == []


def test_an_execution_of_another_machine_is_none_of_its_business(world: World) -> None:
    world.lock(owner=DEAD)
    with pytest.raises(ValueError, match="is no execution of"):
        world.clean_up("ABORTED", machine=MACHINE + "-other")
    assert world.locked()


# --- what a person said by stopping or rejecting --------------------------------------------------
FIRST = "2026-01-31T12:00:05.000Z"
OUTAGE = json.dumps({"mode": "failover", "outage": {"first_failed_at": FIRST, "attempt": 1}})
ALARM = json.dumps({"detail-type": "CloudWatch Alarm State Change"})
REJECTED = json.dumps({"outcome": "held", "decision": {"ended_by": "rejected"}})


@pytest.fixture
def outage(world: World) -> World:
    """The sentinel sees an outage."""
    item = {"pk": {"S": "sentinel"}, "first_failed_at": {"S": FIRST}}
    world.dynamodb.put_item(RECOVERIES, item)
    return world


def held(world: World) -> str | None:
    (found,) = [r for r in world.dynamodb.rows(RECOVERIES) if r["pk"]["S"] == "sentinel"]
    return found.get("held_by", {}).get("S")


@pytest.mark.parametrize("given", [OUTAGE, ALARM])
@pytest.mark.parametrize(
    ("status", "output"), [("ABORTED", None), ("SUCCEEDED", REJECTED)], ids=["stopped", "rejected"]
)
def test_for_an_outage_of_which_a_person_stopped_a_run_nothing_else_is_started(
    outage: World, status: str, output: str | None, given: str
) -> None:
    outage.clean_up(status, input=given, output=output)
    assert held(outage) == DEAD


def test_what_a_person_stopped_holds_although_nobody_can_be_told(outage: World) -> None:
    outage.refuses = {TOPIC, OTHER_TOPIC}
    with pytest.raises(ClientError, match="KMSDisabled"):
        outage.clean_up("ABORTED", input=OUTAGE)
    assert held(outage) == DEAD


def test_a_run_of_an_outage_that_is_over_holds_nothing(outage: World) -> None:
    outage.clean_up("ABORTED", input=OUTAGE.replace("12:00", "11:00"))
    assert held(outage) is None


def test_without_an_outage_a_stopped_run_holds_nothing(world: World) -> None:
    world.clean_up("ABORTED", input=ALARM)
    assert world.dynamodb.rows(RECOVERIES) == []


@pytest.mark.parametrize(
    ("status", "machine", "given", "output"),
    [
        ("TIMED_OUT", MACHINE, OUTAGE, None),
        ("FAILED", MACHINE, OUTAGE, None),
        ("SUCCEEDED", MACHINE, OUTAGE, json.dumps({"outcome": "promoted", "decision": {}})),
        ("ABORTED", SWITCHOVER, OUTAGE, None),
        ("ABORTED", MACHINE, json.dumps({"mode": "rehearsal"}), None),
    ],
)
def test_what_no_person_stopped_is_repeated(
    outage: World, status: str, machine: str, given: str, output: str | None
) -> None:
    outage.clean_up(status, machine, input=given, output=output, startDate=0)
    assert held(outage) is None
