"""The streams of the application's tables: what is read of them, how much, and what is left out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pilot_light_client import ulid
from pilot_light_client.journal import Ref, plan, transaction
from pilot_light_client.table_errors import TableUnavailable
from pilotlight.readiness import table_streams
from pilotlight.readiness.table_streams import SAMPLE, SHARDS, NoStream, TableStreams, find_entries
from pilotlight.shared.app_tables import AppTables

from tests.unit.functions.fakes import FakeDynamoDB, aws_error

REGIONS = ("us-west-2", "us-east-2")
AT = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
ORDERS = AppTables.parse(["orders:id"])


class Trimmed(Exception):
    """As the client names it."""


class FakeStreams:
    """DynamoDB Streams: records by shard, in pages of shards."""

    class exceptions:  # noqa: N801
        TrimmedDataAccessException = Trimmed

    def __init__(self, **shards: list[dict[str, Any]]) -> None:
        self.shards, self.view = shards, "NEW_AND_OLD_IMAGES"
        self.opened: list[str] = []
        self.failing: dict[str, Exception] = {}
        self.empty_pages: dict[str, int] = {}

    def describe_table(self, TableName: str) -> dict[str, Any]:
        self._fail("describe_table")
        table: dict[str, Any] = {"LatestStreamArn": f"{TableName}/stream/2"}
        if self.view:
            table["StreamSpecification"] = {"StreamViewType": self.view}
        return {"Table": table}

    def describe_stream(self, StreamArn: str, ExclusiveStartShardId: str = "") -> dict[str, Any]:
        assert StreamArn == "orders/stream/2"
        left = sorted(s for s in self.shards if s > ExclusiveStartShardId)
        page: dict[str, Any] = {"Shards": [{"ShardId": s} for s in left[:2]]}
        if left[2:]:
            page["LastEvaluatedShardId"] = left[1]
        return {"StreamDescription": page}

    def get_shard_iterator(self, ShardId: str, ShardIteratorType: str, **_: Any) -> dict[str, Any]:
        assert ShardIteratorType == "TRIM_HORIZON"
        self.opened.append(ShardId)
        return {"ShardIterator": ShardId}

    def get_records(self, ShardIterator: str, Limit: int) -> dict[str, Any]:
        name, _, page = ShardIterator.partition("@")
        self._fail(name)
        more = {"NextShardIterator": f"{name}@{int(page or 0) + 1}"}
        if int(page or 0) != self.empty_pages.get(name, 0):
            return {"Records": [], **more}
        return {"Records": self.shards[name][:Limit], **more}

    def _fail(self, name: str) -> None:
        if name in self.failing:
            raise self.failing[name]


def record(name: str, **images: Any) -> dict[str, Any]:
    found = {"Keys": {"id": {"S": name}}, "ApproximateCreationDateTime": AT, **images}
    return {"dynamodb": found}


def stream_of(streams: Any) -> TableStreams:
    return TableStreams(streams, streams, REGIONS)


def latest(streams: FakeStreams, tables: AppTables = ORDERS) -> list[str]:
    found = stream_of(streams).latest(tables)
    return [str(change.ref) for change in found["orders"]]


def test_the_newest_shards_are_read_first() -> None:
    streams = FakeStreams(s1=[record("old")], s2=[record("b")], s3=[record("new")])
    assert latest(streams) == ["orders/new", "orders/b", "orders/old"]
    assert streams.opened == ["s3", "s2", "s1"]


def test_a_sample_is_bounded_in_changes_and_in_shards() -> None:
    many = FakeStreams(**{f"s{n}": [record(f"{n}-{i}") for i in range(60)] for n in range(3)})
    assert (len(latest(many)), many.opened) == (SAMPLE, ["s2", "s1"])
    idle = FakeStreams(**{f"s{n:02}": [] for n in range(30)})
    assert (latest(idle), len(idle.opened)) == ([], SHARDS)


def test_reading_ends_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_streams, "SECONDS", -1.0)
    streams = FakeStreams(s1=[], s2=[])
    assert (latest(streams), streams.opened) == ([], ["s2"])


def test_the_newest_changes_of_a_long_shard_are_the_sample() -> None:
    long = FakeStreams(s1=[record(str(i)) for i in range(250)])
    assert latest(long) == [f"orders/{i}" for i in range(150, 250)]


def test_empty_pages_are_passed_over_to_a_shard_s_records() -> None:
    streams = FakeStreams(s1=[record("tea")])
    streams.empty_pages["s1"] = 2
    assert latest(streams) == ["orders/tea"]
    streams.empty_pages["s1"] = 1000
    assert latest(streams) == []


def test_pilot_light_s_own_canaries_are_no_writes_of_the_application() -> None:
    own = [record(f"canary#{region}") for region in REGIONS]
    assert latest(FakeStreams(s1=[*own, record("canary#3")])) == ["orders/canary#3"]


def test_a_change_has_what_the_stream_says_of_it() -> None:
    streams = FakeStreams(s1=[record("tea", NewImage={"a": {"S": "1"}}), record("gone")])
    new, removed = stream_of(streams).latest(ORDERS)["orders"]
    assert (new.at, new.new, new.old) == (AT, {"a": {"S": "1"}}, None)
    assert (removed.new, removed.old) == (None, None)


@pytest.mark.parametrize(
    ("view", "told"),
    [
        ("", "orders has nothing: there is none. It must have"),
        ("KEYS_ONLY", "orders has KEYS_ONLY"),
    ],
)
def test_a_table_without_a_stream_of_images_is_named_with_the_remedy(view: str, told: str) -> None:
    streams = FakeStreams(s1=[record("tea")])
    streams.view = view
    with pytest.raises(NoStream, match=f"The stream of {told}"):
        latest(streams)


def test_a_shard_whose_records_went_meanwhile_is_passed_over() -> None:
    streams = FakeStreams(s1=[record("tea")], s2=[record("gone")])
    streams.failing["s2"] = Trimmed()
    assert latest(streams) == ["orders/tea"]


def test_a_stream_that_is_refused_is_an_error() -> None:
    streams = FakeStreams(s1=[record("tea")])
    streams.failing["describe_table"] = aws_error("AccessDeniedException")
    with pytest.raises(TableUnavailable, match="AccessDenied"):
        latest(streams)


# --- entries --------------------------------------------------------------------------------------
def put(dynamodb: FakeDynamoDB, **changed: Any) -> Any:
    image = {"product": {"S": "tea"}}
    ref = Ref.of("orders", {"id": {"S": "tea"}})
    given: dict[str, Any] = {"region": REGIONS[0], "epoch": 1, "at": "2026-01-31T12:00:00.000Z"}
    write = plan(ref, image, None, write_id=ulid.new(), **given)
    entry = transaction(write, "journal", None)[1]["Put"]["Item"]
    dynamodb.put_item("journal", {**entry, **changed})
    return write.new


def test_an_entry_is_found_by_its_version_and_names_its_item() -> None:
    dynamodb = FakeDynamoDB()
    there, elsewhere = put(dynamodb), put(FakeDynamoDB())
    found = find_entries(dynamodb, "journal", {there.version, elsewhere.version})
    assert found == {there.version: there.ref}


@pytest.mark.parametrize("changed", [{"version": {"N": "2"}}, {"key": {"S": "tea"}}])
def test_an_entry_of_another_version_or_without_an_item_is_not_the_write_s(changed: Any) -> None:
    dynamodb = FakeDynamoDB()
    item = put(dynamodb, **changed)
    assert item.version not in find_entries(dynamodb, "journal", {item.version})


def test_without_versions_nothing_is_asked() -> None:
    dynamodb = FakeDynamoDB()
    assert find_entries(dynamodb, "journal", set()) == {}
    assert dynamodb.asked("batch_get_item") == []
