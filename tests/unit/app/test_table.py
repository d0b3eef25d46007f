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
from items.item import IdempotencyRecord, ItemUnreadable, Request, item_key
from items.table import ItemsTable
from pilot_light_client.fence import WriteTooLate
from pilot_light_client.journal import MARK, entry_key
from pilot_light_client.table_errors import TableUnavailable
from pilot_light_client.transaction import WriteConflict, WriteThrottled, WriteUnknown

from tests.unit.app.writes import LIVE, planned, rows, written
from tests.unit.functions.fakes import ITEMS, JOURNAL, PRIMARY, FakeDynamoDB, aws_error


def table_of(dynamodb: Any) -> ItemsTable:
    return ItemsTable(dynamodb, ITEMS, JOURNAL)


def journal(dynamodb: Any) -> list[str]:
    if isinstance(dynamodb, FakeDynamoDB):
        entries = dynamodb.rows(JOURNAL)
    else:
        entries = dynamodb.scan(TableName=JOURNAL)["Items"]
    return sorted(row["sk"]["S"] for row in entries)


def test_a_write_that_is_tried_changes_nothing(dynamodb: Any) -> None:
    table = table_of(dynamodb)
    table.try_a_write()
    assert table.read("health") == (None, None)
    item = written(table, "01A", item_id="health")
    table.try_a_write()
    assert table.read("health")[0] == item


def test_a_write_that_is_tried_raises_what_keeps_the_table_from_it(fake: FakeDynamoDB) -> None:
    for code in ("ThrottlingException", "InternalServerError", "AccessDeniedException"):
        fake.failing["put_item"] = aws_error(code)
        with pytest.raises(TableUnavailable):
            table_of(fake).try_a_write()
    fake.failing["put_item"] = aws_error("TransactionConflictException")
    table_of(fake).try_a_write()


def test_an_item_that_was_never_written_is_nothing(dynamodb: Any) -> None:
    assert table_of(dynamodb).read("tea") == (None, None)


def test_what_was_written_is_read(dynamodb: Any) -> None:
    table = table_of(dynamodb)
    item = written(table, "01A")
    assert table.read("tea")[0] == item


def test_an_item_is_read_with_its_row_over_which_the_next_write_is_planned(dynamodb: Any) -> None:
    table = table_of(dynamodb)
    written(table, "01A")
    _, row = table.read("tea")
    assert row is not None
    assert planned(row, "01B").new.version.number == 2


def test_a_tombstone_is_read_as_such(dynamodb: Any) -> None:
    table = table_of(dynamodb)
    written(table, "01A")
    written(table, "01B", text=None)
    item, _ = table.read("tea")
    assert item is not None
    assert (item.deleted, item.version, item.text) == (True, 2, "")


def test_every_write_adds_to_the_journal(dynamodb: Any) -> None:
    table = table_of(dynamodb)
    for write_id in ("01A", "01B", "01C"):
        written(table, write_id)
    assert journal(dynamodb) == ["01A", "01B", "01C"]


def test_of_two_writes_over_the_same_version_one_wins(dynamodb: Any) -> None:
    table = table_of(dynamodb)
    written(table, "01A")
    _, row = table.read("tea")
    table.write(planned(row, "01B"), row)
    with pytest.raises(WriteConflict):
        table.write(planned(row, "01C"), row)
    item, _ = table.read("tea")
    assert item is not None
    assert (item.write_id, item.version) == ("01B", 2)
    assert journal(dynamodb) == ["01A", "01B"], "a write that was refused leaves no entry"


def test_of_two_first_writes_one_wins(dynamodb: Any) -> None:
    table = table_of(dynamodb)
    written(table, "01A")
    with pytest.raises(WriteConflict):
        table.write(planned(None, "01B"), None)
    assert journal(dynamodb) == ["01A"]


def test_the_same_version_of_another_writer_is_another_item(dynamodb: Any) -> None:
    """After a conflict between the Regions a replica may hold a version of the other writer."""
    table = table_of(dynamodb)
    written(table, "01A")
    other, _ = rows(replace(LIVE, version=1, write_id="01X"))
    with pytest.raises(WriteConflict):
        table.write(planned(other, "01B"), other)


def test_a_write_id_that_is_in_the_journal_is_not_written_twice(dynamodb: Any) -> None:
    table = table_of(dynamodb)
    written(table, "01A")
    with pytest.raises(WriteConflict):
        table.write(planned(None, "01A", "coffee"), None)
    assert table.read("coffee") == (None, None)


def test_reads_are_consistent(fake: FakeDynamoDB) -> None:
    table_of(fake).read("tea")
    assert fake.asked("get_item")[0]["ConsistentRead"] is True


def test_a_lost_answer_is_asked_for_again_under_the_same_token(fake: FakeDynamoDB) -> None:
    table_of(fake).write(planned(None, "01A"), None)
    assert fake.asked("transact_write_items")[0]["Token"] == "01A"


def test_a_write_that_is_late_is_not_sent(fake: FakeDynamoDB) -> None:
    def late() -> None:
        raise WriteTooLate("too late")

    with pytest.raises(WriteTooLate):
        table_of(fake).write(planned(None, "01A"), None, check=late)
    assert fake.calls == []


# --- what DynamoDB may answer --------------------------------------------------------------------
def answering(fake: FakeDynamoDB, code: str, *reasons: str) -> ItemsTable:
    found = {"CancellationReasons": [{"Code": r} for r in reasons]} if reasons else {}
    fake.failing["transact_write_items"] = aws_error(code, **found)
    return table_of(fake)


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
        answering(fake, code, *reasons).write(planned(None, "01A"), None)


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
        answering(fake, code, *reasons).write(planned(None, "01A"), None)


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
        answering(fake, code, *reasons).write(planned(None, "01A"), None)
    assert refused.value.meaning == "refused"


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException"])
def test_what_a_retry_is_refused_says_nothing_about_the_attempt_before_it(
    fake: FakeDynamoDB, code: str
) -> None:
    metadata = {"ResponseMetadata": {"RetryAttempts": 1}}
    fake.failing["transact_write_items"] = aws_error(code, **metadata)
    with pytest.raises(WriteUnknown):
        table_of(fake).write(planned(None, "01A"), None)


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
        answering(fake, code).write(planned(None, "01A"), None)


@pytest.mark.parametrize("error", [ReadTimeoutError, ConnectTimeoutError, ConnectionClosedError])
def test_whether_a_write_was_made_that_nobody_answered_is_unknown(
    fake: FakeDynamoDB, error: type[ReadTimeoutError]
) -> None:
    fake.failing["transact_write_items"] = error(endpoint_url="https://dynamodb")
    with pytest.raises(WriteUnknown):
        table_of(fake).write(planned(None, "01A"), None)


@pytest.mark.parametrize(
    "error",
    [
        *(aws_error("ThrottlingException"), aws_error("InternalServerError"), aws_error("")),
        *(aws_error("AccessDeniedException"), aws_error("ExpiredTokenException")),
        *(ReadTimeoutError(endpoint_url="-"), NoCredentialsError(), BotoCoreError()),
    ],
    ids=str,
)
@pytest.mark.parametrize("read", ["read", "page", "answer", "idempotency_record", "made"])
def test_a_read_that_is_not_answered_is_one_error_whatever_the_cause(
    fake: FakeDynamoDB, error: Exception, read: str
) -> None:
    fake.failing = dict.fromkeys(("get_item", "query"), error)
    arguments = {"page": (50, None), "answer": (), "made": (RECORD,)}.get(read, ("tea",))
    with pytest.raises(TableUnavailable):
        getattr(table_of(fake), read)(*arguments)


# --- rows that are not as we wrote them ----------------------------------------------------------
def spoiled(fake: FakeDynamoDB, item_id: str = "tea") -> ItemsTable:
    """A table with an item that something else wrote."""
    fake.put_item(ITEMS, {**item_key(item_id), "text": {"S": "green"}})
    return table_of(fake)


def test_an_unreadable_item_is_named_with_its_attribute_and_a_page_of_the_runbook(
    fake: FakeDynamoDB,
) -> None:
    why = rf"'tea' has no valid attribute {MARK}.*unreadable-rows"
    with pytest.raises(ItemUnreadable, match=why):
        spoiled(fake).read("tea")


def test_an_unreadable_item_holds_up_no_other(fake: FakeDynamoDB) -> None:
    table = spoiled(fake)
    written(table, "01A", "coffee")
    listed = table.page(50, None)
    assert ([i.id for i in listed.items], listed.unreadable) == (["coffee"], ["tea"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("write_id", {"S": ""}), ("write_id", {"S": "x" * 257}), ("version", {"S": "1"})),
        *(("version", {"N": "1.5"}), ("version", {"N": "0"}), ("version", {"N": "-5"})),
        *(("deleted", {"S": "no"}), ("epoch", {"NULL": True}), ("region", {"L": []})),
        *(("at", {"S": "x" * 257}), ("at", {"S": ""})),
    ],
)
def test_a_mark_that_we_never_write_is_unreadable(
    fake: FakeDynamoDB, name: str, value: dict[str, Any]
) -> None:
    row, _ = rows(LIVE)
    row[MARK]["M"][name] = value
    fake.put_item(ITEMS, row)
    with pytest.raises(ItemUnreadable, match=name):
        table_of(fake).read("tea")
    assert table_of(fake).page(50, None).unreadable == ["tea"]


@pytest.mark.parametrize("value", [{"S": "x" * 2001}, {"N": "1"}, {"NULL": True}])
def test_a_text_that_we_never_write_is_unreadable(
    fake: FakeDynamoDB, value: dict[str, Any]
) -> None:
    row, _ = rows(LIVE)
    fake.put_item(ITEMS, {**row, "text": value})
    with pytest.raises(ItemUnreadable, match="text"):
        table_of(fake).read("tea")


# --- what a request has made ---------------------------------------------------------------------
REQUEST = Request("n", "c")
RECORD = IdempotencyRecord(REQUEST, PRIMARY, 1, "01A")


def requested(table: ItemsTable, write_id: str, **more: Any) -> None:
    _, over = table.read("tea")
    table.write(planned(over, write_id), over, request=REQUEST, **more)


def test_a_write_leaves_the_record_of_its_request_in_the_same_transaction(dynamodb: Any) -> None:
    table = table_of(dynamodb)
    requested(table, "01A")
    record = table.idempotency_record("n")
    assert record == RECORD
    assert table.made(record) == table.read("tea")[0]


def test_a_request_that_has_a_record_writes_nothing(dynamodb: Any) -> None:
    table = table_of(dynamodb)
    requested(table, "01A")
    with pytest.raises(WriteConflict):
        requested(table, "01B")
    assert journal(dynamodb) == ["01A"]


def test_an_idempotency_record_is_replaced_only_where_it_still_names_the_lost_write(
    dynamodb: Any,
) -> None:
    table = table_of(dynamodb)
    requested(table, "01A")
    with pytest.raises(WriteConflict):
        requested(table, "01B", replaces=replace(RECORD, write_id="01X"))
    requested(table, "01B", replaces=RECORD)
    assert table.idempotency_record("n") == replace(RECORD, write_id="01B")


def test_a_write_that_is_not_here_has_made_nothing(dynamodb: Any) -> None:
    assert table_of(dynamodb).made(RECORD) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"image": {"M": {}}},
        {"version": {"N": "0"}},
        {"key": {"M": {"number": {"N": "7"}}}},
        {"key": {"M": {"sk": {"N": "7"}}}},
    ],
    ids=str,
)
def test_a_write_whose_journal_entry_is_not_as_we_write_it_has_made_nothing(
    fake: FakeDynamoDB, changes: dict[str, Any]
) -> None:
    _, entry = rows(LIVE)
    fake.put_item(JOURNAL, {**entry, **entry_key(PRIMARY, 1, "01A"), **changes})
    assert table_of(fake).made(RECORD) is None
