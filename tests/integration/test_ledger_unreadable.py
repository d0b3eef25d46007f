"""A journal entry that nobody can read: set aside, told, kept findable, and passed by."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pilotlight.ledger.resolve import NotReplayed

from tests import journaled
from tests.integration.machine import PRIMARY, SECONDARY
from tests.integration.torn import JOURNAL, STREAM, Torn, name, torn

QUEUE = "pilot-light-recovery-dead-letters"


@pytest.fixture
def told(world: Torn, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What people are told of by the dead-letter queue, whose alarm wakes them."""
    sqs = STREAM.SQS
    queue = sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
    monkeypatch.setattr(STREAM, "DEAD_LETTERS_URL", queue)

    def messages() -> list[dict[str, Any]]:
        found = sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return list(found.get("Messages", []))

    return messages


def unreadable(world: Torn, *missing: str, item: str = "milk") -> tuple[str, dict[str, Any]]:
    """An entry of the Primary without some attributes, in both Regions: its id and its record."""
    write = world.write(PRIMARY, "other", -5, item)
    record = world.copy_entry(write)
    row = record["dynamodb"]["NewImage"]
    for attribute in missing:
        del row[attribute]
    for region in (PRIMARY, SECONDARY):
        world.put(JOURNAL, row, region)
    return name(write), record


@pytest.mark.parametrize(
    "missing", [("image",), ("operation",), ("previous", "at"), ("table", "key")]
)
def test_what_is_behind_an_unreadable_entry_in_the_stream_is_processed(
    world: Torn, told: Any, missing: tuple[str, ...]
) -> None:
    late, _ = torn(world)
    bad, record = unreadable(world, *missing)
    if missing == ("previous", "at"):
        record["dynamodb"]["NewImage"]["previous"] = "no attribute value"
    assert world.stream(record, world.copy_entry(late)) == {"batchItemFailures": []}
    assert world.told() == {bad: ["unknown"], name(late): ["late", "lost"]}


def test_a_person_is_told_which_and_why(world: Torn, told: Any) -> None:
    _, record = unreadable(world, "image")
    world.stream(record)
    (message,) = told()
    said = json.loads(message["Body"])
    assert said["keys"] == record["dynamodb"]["Keys"]
    assert said["sequence_number"] == record["dynamodb"]["SequenceNumber"]
    assert "attribute image" in said["error"]
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "RecordUnreadable"


def test_the_ledger_says_what_the_entry_s_key_tells(world: Torn, told: Any) -> None:
    bad, record = unreadable(world, "image")
    world.stream(record)
    (entry,) = world.ledger("list")["entries"]
    assert (entry["write_id"], entry["region"], entry["epoch"]) == (bad, PRIMARY, 1)
    assert (entry["key"]["sk"], entry["kinds"], entry["status"]) == ("milk", ["unknown"], "open")
    assert "cannot be read" in entry["history"]["detail"]


def test_against_an_unreadable_item_nothing_is_known(world: Torn, told: Any) -> None:
    late, _ = torn(world)
    row = journaled.row(world.dynamodb[SECONDARY], "tea")
    assert row
    del row["pilot_light"]["M"]["version"]
    world.put("pilot-light-app-items", row)
    assert world.stream(world.copy_entry(late)) == {"batchItemFailures": []}
    assert world.told() == {name(late): ["late", "unknown"]}
    assert told() == []


@pytest.mark.parametrize("table", ["of-somebody-else", "pilot-light-journal"])
def test_an_entry_of_a_table_that_the_contract_does_not_name_is_not_looked_up(
    world: Torn, told: Any, table: str
) -> None:
    late, _ = torn(world)
    record = world.copy_entry(late)
    record["dynamodb"]["NewImage"]["table"] = {"S": table}
    assert world.stream(record) == {"batchItemFailures": []}
    assert world.told() == {name(late): ["late", "unknown"]}
    with pytest.raises(NotReplayed, match="cannot be read"):
        world.ledger("replay", write_ids=[name(late)], by="Ada")


def test_reconciling_finds_it_too_and_goes_on(world: Torn) -> None:
    late, _ = torn(world)
    bad, _ = unreadable(world, "image")
    found = world.ledger("reconcile")
    assert found["complete"] is True
    assert world.told() == {bad: ["unknown"], name(late): ["late", "lost"]}
    assert world.ledger("reconcile")["unknown"] == 1, "the look again does not judge what is unread"


def test_an_unreadable_link_of_an_item_s_history_is_a_missing_one(world: Torn) -> None:
    late, _ = torn(world)
    newest = world.write(SECONDARY, "newest", 20)
    entry = world.dynamodb[SECONDARY].query(
        TableName=JOURNAL,
        KeyConditionExpression="pk = :pk AND sk = :sk",
        ExpressionAttributeValues={f":{k}": v for k, v in world.journal_key(newest).items()},
    )["Items"][0]
    del entry["image"]
    world.put(JOURNAL, entry)
    world.ledger("reconcile")
    assert world.told()[name(late)] == ["late", "unknown"]


def test_it_is_resolved_by_a_person_and_never_replayed(world: Torn, told: Any) -> None:
    bad, record = unreadable(world, "image")
    world.stream(record)
    with pytest.raises(NotReplayed, match="cannot be read"):
        world.ledger("replay", write_ids=[bad], by="Ada")
    assert world.ledger("accept", write_ids=[bad], by="Ada")["open"] == 0
    world.stream(record)
    assert world.ledger("reconcile")["open"] == 0


def test_what_cannot_be_set_aside_is_tried_again(
    world: Torn, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = "https://sqs.us-east-2.amazonaws.com/123456789012/none"
    monkeypatch.setattr(STREAM, "DEAD_LETTERS_URL", nowhere)
    late, _ = torn(world)
    _, record = unreadable(world, "image")
    failed = {"itemIdentifier": record["dynamodb"]["SequenceNumber"]}
    assert world.stream(record, world.copy_entry(late)) == {"batchItemFailures": [failed]}
