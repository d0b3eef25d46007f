"""What arrives by the stream: what of it is kept in the ledger."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pilot_light_client import timestamps
from pilot_light_client.journal import transaction
from pilot_light_client.table_errors import TableUnavailable

from tests.integration.machine import PRIMARY, SECONDARY
from tests.integration.torn import (
    CONTROL,
    JOURNAL,
    STREAM,
    Torn,
    name,
    torn,
)

if TYPE_CHECKING:
    import pytest


def test_a_late_entry_is_kept_with_both_values_and_what_the_item_is_now(world: Torn) -> None:
    late, newer = torn(world)
    assert world.stream(world.copy_entry(late)) == {"batchItemFailures": []}
    (entry,) = world.ledger("list")["entries"]
    assert entry["kinds"] == ["late", "lost"]
    assert (entry["write_id"], entry["key"]["sk"], entry["version"]) == (name(late), "tea", 2)
    assert (entry["region"], entry["epoch"], entry["active_epoch"]) == (PRIMARY, 1, 2)
    assert [entry[k]["item"]["text"] for k in ("old", "new", "current")] == [
        "first",
        "late",
        "newer",
    ]
    assert entry["current"]["write_id"] == name(newer)
    assert entry["written_at"] == late.new.at
    arrived = timestamps.parse(entry["arrived_at"]) - world.promoted
    assert timedelta(seconds=29) <= arrived <= timedelta(seconds=30)
    assert entry["found_by"] == "stream"
    assert entry["status"] == "open"


def test_a_late_entry_whose_item_nobody_else_wrote_is_late_and_not_lost(world: Torn) -> None:
    write = world.write(PRIMARY, "late", -5)
    world.copy_item(write)
    world.stream(world.copy_entry(write))
    assert world.told() == {name(write): ["late"]}


def test_an_entry_that_expires_is_deleted_and_did_not_arrive(world: Torn) -> None:
    """The event source lets insertions pass only. It would be no finding if it did not."""
    late, _ = torn(world)
    record = world.record(transaction(late, JOURNAL, None)[1]["Put"]["Item"])
    del record["dynamodb"]["NewImage"]
    service = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    for who in ({"userIdentity": service}, {}):
        assert world.stream({**record, "eventName": "REMOVE", **who}) == {"batchItemFailures": []}
    assert world.told() == {}


def test_an_item_that_has_yet_to_arrive_is_found_by_reconciling(world: Torn) -> None:
    write = world.write(PRIMARY, "late", -5)
    world.stream(world.copy_entry(write, seconds=-2))
    assert world.told() == {}
    world.ledger("reconcile")
    assert world.told() == {name(write): ["late"]}


def test_what_a_late_write_overwrote_is_found_by_reconciling(world: Torn) -> None:
    late, newer = torn(world)
    newest = world.write(SECONDARY, "newest", 20)
    world.stream(world.copy_entry(late))
    world.copy_item(late)
    world.ledger("reconcile")
    assert world.told() == {name(late): ["late"], name(newer): ["lost"], name(newest): ["lost"]}


def test_what_belongs_to_the_running_epoch_costs_one_read_and_no_entry(
    world: Torn, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.active(PRIMARY, 1)
    write, calls = world.write(PRIMARY, "green", -5), []
    real = STREAM.DYNAMODB

    def counted(*given: Any, **more: Any) -> Any:
        calls.append(given)
        return make(*given, **more)

    make = real._make_api_call
    monkeypatch.setattr(real, "_make_api_call", counted)
    world.copy_item(write)
    assert world.stream(*[world.copy_entry(write)] * 10) == {"batchItemFailures": []}
    assert [operation for operation, _ in calls] == ["GetItem"]
    assert world.told() == {}


def test_what_arrived_before_the_promotion_is_not_late_however_late_it_is_read(
    world: Torn,
) -> None:
    write = world.write(PRIMARY, "in time", -5)
    world.copy_item(write)
    world.stream(world.copy_entry(write, seconds=-3))
    assert world.told() == {}


def test_the_first_record_that_fails_is_where_lambda_goes_on(
    world: Torn, monkeypatch: pytest.MonkeyPatch
) -> None:
    late, _ = torn(world)
    other = world.write(PRIMARY, "other", -5, "milk")
    good, bad, after = world.copy_entry(late), world.copy_entry(other), world.copy_entry(late)
    real = STREAM.StreamBatch.process

    def throttled(batch: Any, change: Any) -> int:
        if change.write.id == name(other):
            raise TableUnavailable("throttled", "ProvisionedThroughputExceededException")
        return int(real(batch, change))

    monkeypatch.setattr(STREAM.StreamBatch, "process", throttled)
    found = world.stream(good, bad, after)
    failed = bad["dynamodb"]["SequenceNumber"]
    assert found == {"batchItemFailures": [{"itemIdentifier": failed}]}
    assert list(world.told()) == [name(late)]


def test_without_a_control_item_a_batch_is_tried_again(world: Torn) -> None:
    late, _ = torn(world)
    record = world.copy_entry(late)
    world.dynamodb[SECONDARY].delete_item(TableName=CONTROL, Key={"pk": {"S": "control"}})
    assert len(world.stream(record)["batchItemFailures"]) == 1


def test_a_removed_row_is_of_no_interest(world: Torn) -> None:
    late, _ = torn(world)
    record = world.copy_entry(late)
    del record["dynamodb"]["NewImage"]
    assert world.stream(record) == {"batchItemFailures": []}
    assert world.told() == {}
