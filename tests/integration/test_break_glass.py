"""Breaking the glass in the Primary: every outcome, and what the Secondary makes of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from pilotlight.domain.heartbeat import PASSIVE_PROMISE_MS, PATIENCE

from tests.integration.machine import (
    ACCOUNT,
    BREAK_GLASS_DEFINITION,
    CONTROL,
    PRIMARY,
    SECONDARY,
    aws_error,
    definition,
)
from tests.integration.test_failures import assert_failed_notified_unlocked
from tests.integration.test_outcomes import FAILOVER, REHEARSAL

if TYPE_CHECKING:
    from tests.integration.conftest import Network
    from tests.integration.machine import Faults, Machine, Run

SENTENCE = f"MAKE {PRIMARY} ACTIVE WITHOUT {SECONDARY}"
CONFIRMED = {"confirm": SENTENCE, "reason": "the Secondary is gone"}
OVERRIDE = f"override#{PRIMARY}"


class Glass:
    """The break-glass machine, and the Primary's replica of the control table."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.dynamodb = boto3.client("dynamodb", region_name=PRIMARY)
        self.sfn = boto3.client("stepfunctions", region_name=PRIMARY)
        self.dynamodb.create_table(
            TableName=CONTROL,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        )
        self.arn = self.sfn.create_state_machine(
            name="pilot-light-break-glass",
            roleArn=f"arn:aws:iam::{ACCOUNT}:role/break-glass",
            definition=definition(BREAK_GLASS_DEFINITION),
        )["stateMachineArn"]
        self.seed()

    def seed(self, active: str = SECONDARY, epoch: int = 2, **more: dict[str, str]) -> None:
        item = {
            "pk": {"S": "control"},
            "active_region": {"S": active},
            "epoch": {"N": str(epoch)},
            "state": {"S": "serving"},
        }
        self.dynamodb.put_item(TableName=CONTROL, Item=item | more)

    def item(self, pk: str = "control") -> dict[str, Any]:
        return self.dynamodb.get_item(TableName=CONTROL, Key={"pk": {"S": pk}}).get("Item", {})

    def run(self, given: dict[str, Any]) -> Run:
        own = self._machine.sfn
        self._machine.sfn = self.sfn
        try:
            return self._machine.wait(self._machine.start(given, self.arn))
        finally:
            self._machine.sfn = own


@pytest.fixture
def glass(machine: Machine) -> Glass:
    return Glass(machine)


def replicate(glass: Glass, machine: Machine) -> None:
    """Bring the Primary's control item to the Secondary, as the global table does."""
    machine.dynamodb.put_item(TableName=CONTROL, Item=glass.item())


def test_the_sentence_makes_the_primary_active_in_a_new_epoch(glass: Glass) -> None:
    run = glass.run(CONFIRMED)
    assert (run.status, run.output["outcome"]) == ("SUCCEEDED", "broken_glass")
    assert (run.output["epoch"], run.output["gave_up"]) == (3, SECONDARY)
    item = glass.item()
    assert (item["active_region"]["S"], item["epoch"]["N"]) == (PRIMARY, "3")
    assert item["state"]["S"] == "serving"
    assert item["changed_by"]["S"] == item["break_glass"]["S"] == run.arn
    assert any("dig +short app.pilotlight.example" in step for step in run.output["next"])


def test_the_return_fence_hears_the_operator_s_word_in_the_same_breath(glass: Glass) -> None:
    run = glass.run(CONFIRMED)
    override, control = glass.item(OVERRIDE), glass.item()
    assert override["by"]["S"] == run.arn
    at, changed = (datetime.fromisoformat(x["S"]) for x in (override["at"], control["changed_at"]))
    assert at - changed > timedelta(milliseconds=PASSIVE_PROMISE_MS * PATIENCE), (
        "a gap that no heartbeat has shown yet is covered too"
    )


def test_a_drain_that_the_lost_region_had_begun_is_over(glass: Glass) -> None:
    glass.seed(state={"S": "draining"}, drain_until={"N": "9999999999999"}, drain_to={"S": PRIMARY})
    assert glass.run(CONFIRMED).output["outcome"] == "broken_glass"
    item = glass.item()
    assert item["state"]["S"] == "serving"
    assert not {"drain_until", "drain_to"} & set(item)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"confirm": SENTENCE},
        {"confirm": SENTENCE, "reason": ""},
        {"confirm": SENTENCE, "reason": "  "},
        {"confirm": SENTENCE, "reason": True},
        {"confirm": SENTENCE.lower(), "reason": "x"},
        {"confirm": f"MAKE {SECONDARY} ACTIVE WITHOUT {PRIMARY}", "reason": "x"},
        {"confirm": f"{SENTENCE} ", "reason": "x"},
        {"confirm": True, "reason": "x"},
        {"confirm": [SENTENCE], "reason": "x"},
    ],
)
def test_anything_but_the_sentence_and_a_reason_fails_and_says_what_to_write(
    glass: Glass, given: dict[str, Any]
) -> None:
    before = glass.item()
    run = glass.run(given)
    assert (run.status, run.error) == ("FAILED", "InvalidExecutionInput")
    assert f'"confirm": "{SENTENCE}"' in run.cause
    assert (glass.item(), glass.item(OVERRIDE)) == (before, {})


def test_nothing_is_broken_where_the_primary_is_active(glass: Glass) -> None:
    glass.seed(PRIMARY, 1)
    before = glass.item()
    run = glass.run(CONFIRMED)
    assert (run.status, run.output["outcome"]) == ("SUCCEEDED", "already_active")
    assert (glass.item(), glass.item(OVERRIDE)) == (before, {})


def test_a_second_break_finds_the_first(glass: Glass) -> None:
    first = glass.run(CONFIRMED)
    assert glass.run(CONFIRMED).output["outcome"] == "already_active"
    assert glass.item()["break_glass"]["S"] == first.arn


def test_a_missing_control_item_is_not_taken_for_consent(glass: Glass) -> None:
    glass.dynamodb.delete_item(TableName=CONTROL, Key={"pk": {"S": "control"}})
    run = glass.run(CONFIRMED)
    assert (run.status, run.error) == ("FAILED", "ControlItemMissing")
    assert glass.item() == glass.item(OVERRIDE) == {}


@pytest.mark.parametrize(
    ("state", "says"),
    [("ReadControl", "Nothing was changed"), ("Promote", "It is not known whether")],
)
def test_a_task_that_fails_ends_failed_and_says_where_it_stands(
    glass: Glass, faults: Faults, state: str, says: str
) -> None:
    before = glass.item()
    faults.always(state, aws_error("AccessDeniedException"))
    run = glass.run(CONFIRMED)
    assert run.status == "FAILED"
    assert says in run.cause
    assert "AccessDenied" in run.error + run.cause
    assert (glass.item(), glass.item(OVERRIDE)) == (before, {})
    faults.by_state.clear()
    assert glass.run(CONFIRMED).output["outcome"] == "broken_glass"


@pytest.mark.parametrize("state", ["ReadControl", "Promote"])
def test_a_task_that_stumbles_is_tried_again(glass: Glass, faults: Faults, state: str) -> None:
    faults.once(state, aws_error("InternalServerError"))
    assert glass.run(CONFIRMED).output["outcome"] == "broken_glass"


def test_a_write_that_was_made_and_not_answered_counts(glass: Glass, faults: Faults) -> None:
    """The connection breaks after DynamoDB made the transaction: the retry finds its own."""

    def made_but_unanswered() -> None:
        if glass.item()["epoch"]["N"] == "2":
            found = glass.sfn.list_executions(stateMachineArn=glass.arn)["executions"][0]
            mine = {"S": found["executionArn"]}
            glass.seed(PRIMARY, 3, changed_by=mine, break_glass=mine)
            raise aws_error("InternalServerError")

    faults.call("Promote", made_but_unanswered)
    run = glass.run(CONFIRMED)
    assert (run.status, run.output["epoch"]) == ("SUCCEEDED", 3)
    assert glass.item()["epoch"]["N"] == "3"


@pytest.mark.parametrize(("active", "epoch"), [(SECONDARY, 5), (PRIMARY, 3)])
def test_a_control_item_that_changed_meanwhile_is_not_overwritten(
    glass: Glass, faults: Faults, active: str, epoch: int
) -> None:
    faults.call("Promote", lambda: glass.seed(active, epoch))
    run = glass.run(CONFIRMED)
    assert (run.status, run.error) == ("FAILED", "ControlItemChanged")
    assert "no longer in epoch 2" in run.cause
    item = glass.item()
    assert (item["active_region"]["S"], item["epoch"]["N"]) == (active, str(epoch))
    assert glass.item(OVERRIDE) == {}, "all or nothing"


@pytest.mark.parametrize("request_by_hand", [FAILOVER, REHEARSAL], ids=["failover", "rehearsal"])
def test_the_secondary_refuses_until_it_is_reconciled(
    glass: Glass, machine: Machine, network: Network, request_by_hand: dict[str, Any]
) -> None:
    broken = glass.run(CONFIRMED)
    replicate(glass, machine)
    network.lose_primary()
    run = machine.run(request_by_hand)
    assert_failed_notified_unlocked(machine, run, "ReadControl")
    assert "BreakGlassUnreconciled" in run.cause
    assert broken.arn in run.cause
    assert machine.active() == (PRIMARY, 3)


def reconcile(machine: Machine, execution: str) -> None:
    """The command of the output ReconcileBreakGlassCommand."""
    machine.dynamodb.update_item(
        TableName=CONTROL,
        Key={"pk": {"S": "control"}},
        UpdateExpression="REMOVE break_glass",
        ConditionExpression="break_glass = :execution",
        ExpressionAttributeValues={":execution": {"S": execution}},
    )


def test_a_reconciled_pair_fails_over_as_before(
    glass: Glass, machine: Machine, network: Network
) -> None:
    broken = glass.run(CONFIRMED)
    replicate(glass, machine)
    with pytest.raises(machine.dynamodb.exceptions.ConditionalCheckFailedException):
        reconcile(machine, "some other execution")
    reconcile(machine, broken.arn)
    network.lose_primary()
    assert machine.run(FAILOVER).output["outcome"] == "promoted"
    assert machine.active() == (SECONDARY, 4)


@pytest.mark.parametrize("mark", [{"S": ""}, {"BOOL": True}], ids=["empty", "no text"])
def test_a_mark_that_is_garbled_is_still_a_mark(
    machine: Machine, network: Network, mark: dict[str, Any]
) -> None:
    network.lose_primary()
    machine.dynamodb.update_item(
        TableName=CONTROL,
        Key={"pk": {"S": "control"}},
        UpdateExpression="SET break_glass = :mark",
        ExpressionAttributeValues={":mark": mark},
    )
    run = machine.run(FAILOVER)
    assert run.status == "FAILED"
    assert machine.active() == (PRIMARY, 1)
