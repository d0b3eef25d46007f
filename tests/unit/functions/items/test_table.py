"""The items table: single items, the transaction of a write, and what can get in its way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    ConnectTimeoutError,
    NoCredentialsError,
    ReadTimeoutError,
)
from pilot_light_client.table_errors import TableUnavailable
from pilotlight.items.table import ItemsTable
from pilotlight.items.writes import (
    IdempotencyRecord,
    Item,
    ItemUnreadable,
    Request,
    Write,
    WriteConflict,
    WriteThrottled,
    WriteUnknown,
    attributes,
    item_key,
    plan,
)

from tests.unit.functions.fakes import ITEMS, PRIMARY, FakeDynamoDB, aws_error

NOW = "2026-01-31T12:00:00.000Z"


def planned(
    current: Item | None, write_id: str, operation: Any = "replace", item_id: str = "tea"
) -> Write:
    return plan(
        operation,
        item_id=item_id,
        text=f"as {write_id} wrote it",
        current=current,
        region=PRIMARY,
        epoch=1,
        write_id=write_id,
        now=NOW,
    )


def journal(dynamodb: Any) -> list[str]:
    if isinstance(dynamodb, FakeDynamoDB):
        rows = dynamodb.rows(ITEMS)
    else:
        rows = dynamodb.scan(TableName=ITEMS)["Items"]
    return sorted(row["sk"]["S"] for row in rows if row["pk"]["S"].startswith("J#"))


def test_an_item_that_was_never_written_is_nothing(dynamodb: Any) -> None:
    assert ItemsTable(dynamodb, ITEMS).get("tea") is None


def test_what_was_written_is_read(dynamodb: Any) -> None:
    table = ItemsTable(dynamodb, ITEMS)
    write = planned(None, "01A", "create")
    table.write(write)
    assert table.get("tea") == write.new


def test_a_tombstone_is_read_as_such(dynamodb: Any) -> None:
    table = ItemsTable(dynamodb, ITEMS)
    table.write(planned(None, "01A"))
    table.write(planned(table.get("tea"), "01B", "delete"))
    found = table.get("tea")
    assert found is not None
    assert (found.deleted, found.version) == (True, 2)


def test_every_write_adds_to_the_journal(dynamodb: Any) -> None:
    table = ItemsTable(dynamodb, ITEMS)
    for write_id in ("01A", "01B", "01C"):
        table.write(planned(table.get("tea"), write_id))
    assert journal(dynamodb) == ["01A", "01B", "01C"]


def test_of_two_writes_over_the_same_version_one_wins(dynamodb: Any) -> None:
    table = ItemsTable(dynamodb, ITEMS)
    table.write(planned(None, "01A"))
    read = table.get("tea")
    table.write(planned(read, "01B"))
    with pytest.raises(WriteConflict, match="'tea'"):
        table.write(planned(read, "01C"))
    found = table.get("tea")
    assert found is not None
    assert (found.write_id, found.version) == ("01B", 2)
    assert journal(dynamodb) == ["01A", "01B"], "a write that was refused leaves no entry"


def test_of_two_first_writes_one_wins(dynamodb: Any) -> None:
    table = ItemsTable(dynamodb, ITEMS)
    table.write(planned(None, "01A"))
    with pytest.raises(WriteConflict):
        table.write(planned(None, "01B"))
    assert journal(dynamodb) == ["01A"]


def test_the_same_version_of_another_writer_is_another_item(dynamodb: Any) -> None:
    """After a conflict between the Regions a replica may hold a version of the other writer."""
    table = ItemsTable(dynamodb, ITEMS)
    table.write(planned(None, "01A"))
    with pytest.raises(WriteConflict):
        table.write(planned(planned(None, "01X").new, "01B"))


def test_a_write_id_that_is_in_the_journal_is_not_written_twice(dynamodb: Any) -> None:
    table = ItemsTable(dynamodb, ITEMS)
    table.write(planned(None, "01A"))
    with pytest.raises(WriteConflict):
        table.write(planned(None, "01A", item_id="coffee"))
    assert table.get("coffee") is None


def test_reads_are_consistent(fake: FakeDynamoDB) -> None:
    ItemsTable(fake, ITEMS).get("tea")
    assert fake.asked("get_item")[0]["ConsistentRead"] is True


def test_a_lost_answer_is_asked_for_again_under_the_same_token(fake: FakeDynamoDB) -> None:
    ItemsTable(fake, ITEMS).write(planned(None, "01A"))
    assert fake.asked("transact_write_items")[0]["Token"] == "01A"


# --- what DynamoDB may answer --------------------------------------------------------------------
def answering(fake: FakeDynamoDB, code: str, *reasons: str) -> ItemsTable:
    found = {"CancellationReasons": [{"Code": r} for r in reasons]} if reasons else {}
    fake.failing["transact_write_items"] = aws_error(code, **found)
    return ItemsTable(fake, ITEMS)


@pytest.mark.parametrize(
    ("code", "reasons"),
    [
        ("TransactionCanceledException", ["ConditionalCheckFailed", "None"]),
        ("TransactionCanceledException", ["None", "ConditionalCheckFailed"]),
        ("TransactionCanceledException", ["TransactionConflict", "None"]),
        ("TransactionCanceledException", ["ThrottlingError", "ConditionalCheckFailed"]),
        ("TransactionConflictException", []),
    ],
)
def test_another_write_in_the_way_is_a_conflict(
    fake: FakeDynamoDB, code: str, reasons: list[str]
) -> None:
    with pytest.raises(WriteConflict):
        answering(fake, code, *reasons).write(planned(None, "01A"))


@pytest.mark.parametrize(
    ("code", "reasons"),
    [
        ("TransactionCanceledException", ["ThrottlingError", "None"]),
        ("TransactionCanceledException", ["None", "ProvisionedThroughputExceeded"]),
        ("ProvisionedThroughputExceededException", []),
        ("ThrottlingException", []),
        ("RequestLimitExceeded", []),
    ],
)
def test_a_table_under_a_surge_is_no_conflict_with_another_write(
    fake: FakeDynamoDB, code: str, reasons: list[str]
) -> None:
    with pytest.raises(WriteThrottled):
        answering(fake, code, *reasons).write(planned(None, "01A"))


@pytest.mark.parametrize(
    ("code", "reasons"),
    [
        ("TransactionCanceledException", ["ValidationError", "None"]),
        ("TransactionCanceledException", ["ItemCollectionSizeLimitExceeded", "None"]),
        ("AccessDeniedException", []),
        ("ResourceNotFoundException", []),
        ("ValidationException", []),
    ],
)
def test_a_write_that_was_refused_was_not_made(
    fake: FakeDynamoDB, code: str, reasons: list[str]
) -> None:
    with pytest.raises(TableUnavailable, match=code) as refused:
        answering(fake, code, *reasons).write(planned(None, "01A"))
    assert refused.value.meaning == "refused"


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException"])
def test_what_a_retry_is_refused_says_nothing_about_the_attempt_before_it(
    fake: FakeDynamoDB, code: str
) -> None:
    metadata = {"ResponseMetadata": {"RetryAttempts": 1}}
    fake.failing["transact_write_items"] = aws_error(code, **metadata)
    with pytest.raises(WriteUnknown):
        ItemsTable(fake, ITEMS).write(planned(None, "01A"))


@pytest.mark.parametrize(
    "code",
    [
        *("InternalServerError", "ServiceUnavailable", "InternalFailure", "SomethingNew", ""),
        *("TransactionCanceledException", "TransactionInProgressException"),
    ],
)
def test_whether_a_write_was_made_over_which_the_service_failed_is_unknown(
    fake: FakeDynamoDB, code: str
) -> None:
    with pytest.raises(WriteUnknown):
        answering(fake, code).write(planned(None, "01A"))


@pytest.mark.parametrize("error", [ReadTimeoutError, ConnectTimeoutError, ConnectionClosedError])
def test_whether_a_write_was_made_that_nobody_answered_is_unknown(
    fake: FakeDynamoDB, error: type[ReadTimeoutError]
) -> None:
    fake.failing["transact_write_items"] = error(endpoint_url="https://dynamodb")
    with pytest.raises(WriteUnknown):
        ItemsTable(fake, ITEMS).write(planned(None, "01A"))


@pytest.mark.parametrize(
    "error",
    [
        *(aws_error("ThrottlingException"), aws_error("InternalServerError"), aws_error("")),
        *(aws_error("AccessDeniedException"), aws_error("ExpiredTokenException")),
        *(ReadTimeoutError(endpoint_url="-"), NoCredentialsError(), BotoCoreError()),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "read", ["get", "find", "find_many", "page", "answer", "idempotency_record"]
)
def test_a_read_that_is_not_answered_is_one_error_whatever_the_cause(
    fake: FakeDynamoDB, error: Exception, read: str
) -> None:
    fake.failing = dict.fromkeys(("get_item", "query", "batch_get_item"), error)
    arguments = {"page": (50, None), "answer": (), "find_many": (["tea"],)}.get(read, ("tea",))
    with pytest.raises(TableUnavailable):
        getattr(ItemsTable(fake, ITEMS), read)(*arguments)


# --- rows that are not as we wrote them ----------------------------------------------------------
def spoiled(fake: FakeDynamoDB, item_id: str = "tea") -> ItemsTable:
    """A table with an item that something else wrote."""
    fake.put_item(ITEMS, {**item_key(item_id), "text": {"S": "green"}})
    return ItemsTable(fake, ITEMS)


def test_an_unreadable_item_is_named_with_its_attribute_and_a_page_of_the_runbook(
    fake: FakeDynamoDB,
) -> None:
    with pytest.raises(ItemUnreadable, match=r"'tea' has no valid attribute id.*unreadable-rows"):
        spoiled(fake).get("tea")


def test_an_unreadable_item_holds_up_no_other(fake: FakeDynamoDB) -> None:
    table = spoiled(fake)
    table.write(planned(None, "01A", item_id="coffee"))
    found = table.find_many(["tea", "coffee", "milk"])
    assert {k: v.unreadable for k, v in found.items()} == {"tea": True, "coffee": False}
    assert table.find("tea") == found["tea"]
    listed = table.page(50, None)
    assert ([i.id for i in listed.items], listed.unreadable) == (["coffee"], ["tea"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("id", {"S": ""}), ("id", {"S": "x" * 257}), ("write_id", {"S": ""})),
        *(("text", {"S": "x" * 2001}), ("version", {"S": "1"}), ("version", {"N": "1.5"})),
        *(("deleted", {"S": "no"}), ("epoch", {"NULL": True}), ("region", {"L": []})),
        *(("updated_at", {"S": "x" * 257}), ("version", {"N": "0"}), ("version", {"N": "-5"})),
    ],
)
def test_what_we_never_write_is_unreadable(
    fake: FakeDynamoDB, name: str, value: dict[str, Any]
) -> None:
    """A key that DynamoDB refuses, or a row that is too large for the ledger, would hold it up."""
    item = planned(None, "01A").new
    fake.put_item(ITEMS, {**item_key("tea"), **attributes(item), name: value})
    found = ItemsTable(fake, ITEMS).find("tea")
    assert found is not None and found.unreadable
    with pytest.raises(ItemUnreadable):
        ItemsTable(fake, ITEMS).get("tea")


def test_an_idempotency_record_is_replaced_only_where_it_still_names_the_lost_write(
    fake: FakeDynamoDB,
) -> None:
    table, request = ItemsTable(fake, ITEMS), Request("n", "c")
    first = replace(planned(None, "01A"), request=request)
    table.write(first)
    again = replace(planned(first.new, "01B"), request=request)
    with pytest.raises(WriteConflict):
        table.write(replace(again, replaces=IdempotencyRecord(request, PRIMARY, 1, "01X")))
    table.write(replace(again, replaces=IdempotencyRecord(request, PRIMARY, 1, "01A")))
    assert table.idempotency_record("n") == IdempotencyRecord(request, PRIMARY, 1, "01B")
