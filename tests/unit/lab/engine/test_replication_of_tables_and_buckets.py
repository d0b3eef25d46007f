"""Global tables and replicated buckets: what a write here becomes there."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from lab.engine import replication as replication_module
from lab.engine.outages.outage import Outage
from lab.engine.replication import Replication
from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY, VIRGINIA, Anything, FakeAws

TABLE = {"TableName": "items", "pk_name": "pk", "sk_name": "sk"}
ITEM = {"pk": {"S": "a"}, "sk": {"N": "1"}, "text": {"S": "hello"}}


class Tables:
    """One global table in two Regions, with MiniStack's helpers on it."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, Any]] = {PRIMARY: {}, SECONDARY: {}}
        self.stream: list[tuple[str, str, Any, Any]] = []
        self.exists = True
        dynamodb = Anything(
            _lock=threading.RLock(),
            _extract_key_val=lambda value: next(iter(value.values())),
            _replica_group=lambda _table: [PRIMARY, SECONDARY],
            _set_item=lambda table, pk, sk, item: (
                table["items"].setdefault(pk, {}).update({sk: item})
            ),
            _remove_item=lambda table, pk, sk: table["items"].get(pk, {}).pop(sk, None),
            _emit_stream_event=self._emit,
        )
        self.aws = FakeAws(dynamodb=dynamodb)
        dynamodb._tables = self
        self.replication = Replication(0, Outage())
        replication_module._tables(self.aws, self.replication)

    def get(self, name: str) -> dict[str, Any] | None:
        return {"TableName": name, "items": self.held[self.aws.region()]} if self.exists else None

    def _emit(self, _name: str, kind: str, old: Any, new: Any, *, replicate: bool) -> None:
        assert not replicate, "it would come back"
        self.stream.append((self.aws.region(), kind, old, new))

    def write(self, old: Any, new: Any, region: str = PRIMARY, table: Any = TABLE) -> None:
        write = self.aws.dynamodb._replicate_write
        self.aws.within(region, write, table, "ignored", old, new)

    def deliver(self) -> None:
        self.replication.deliver_due(float("inf"))


def test_a_new_item_arrives_in_the_other_region_and_in_its_stream() -> None:
    tables = Tables()
    tables.write(None, ITEM)
    assert tables.held[SECONDARY] == {}
    tables.deliver()
    assert tables.held == {PRIMARY: {}, SECONDARY: {"a": {"1": ITEM}}}
    assert tables.stream == [(SECONDARY, "INSERT", None, ITEM)]


def test_a_changed_item_arrives_as_a_change() -> None:
    tables = Tables()
    changed = {**ITEM, "text": {"S": "bye"}}
    tables.held[SECONDARY] = {"a": {"1": ITEM}}
    tables.write(ITEM, changed)
    tables.deliver()
    assert tables.stream == [(SECONDARY, "MODIFY", ITEM, changed)]


def test_a_deleted_item_is_removed_there() -> None:
    tables = Tables()
    tables.held[SECONDARY] = {"a": {"1": ITEM}}
    tables.write(ITEM, None)
    tables.deliver()
    assert tables.held[SECONDARY] == {"a": {}}
    assert tables.stream == [(SECONDARY, "REMOVE", ITEM, None)]


def test_the_deletion_of_what_is_not_there_is_no_event() -> None:
    tables = Tables()
    tables.write(ITEM, None)
    tables.deliver()
    assert tables.stream == []


def test_a_write_in_the_secondary_goes_the_other_way() -> None:
    tables = Tables()
    tables.write(None, ITEM, region=SECONDARY)
    assert list(tables.replication.links) == [(SECONDARY, PRIMARY)]
    tables.deliver()
    assert tables.held[PRIMARY] == {"a": {"1": ITEM}}


def test_what_arrives_is_the_item_as_it_was_when_it_was_written() -> None:
    tables = Tables()
    item = {**ITEM}
    tables.write(None, item)
    item["text"] = {"S": "changed in place"}
    tables.deliver()
    assert tables.held[SECONDARY]["a"]["1"]["text"] == {"S": "hello"}


def test_a_table_without_sort_key_keeps_its_item_under_ministacks_mark() -> None:
    tables = Tables()
    tables.write(None, {"pk": {"S": "a"}}, table={**TABLE, "sk_name": None})
    tables.deliver()
    assert tables.held[SECONDARY] == {"a": {"__no_sort__": {"pk": {"S": "a"}}}}


def test_of_two_writes_of_one_item_the_younger_stays_in_both_regions() -> None:
    tables = Tables()
    tables.write(None, {**ITEM, "text": {"S": "older"}})
    tables.held[SECONDARY] = {"a": {"1": {**ITEM, "text": {"S": "younger"}}}}
    tables.write(None, {**ITEM, "text": {"S": "younger"}}, region=SECONDARY)
    tables.deliver()
    for region in (PRIMARY, SECONDARY):
        assert tables.held[region]["a"]["1"]["text"] == {"S": "younger"}


def test_a_replica_that_is_gone_takes_nothing() -> None:
    tables = Tables()
    tables.write(None, ITEM)
    tables.exists = False
    tables.deliver()
    assert tables.stream == []


class Buckets:
    """Two buckets, the Primary's with a rule to the Secondary's."""

    def __init__(self, rule: Any = "rule") -> None:
        self.copied: list[tuple[Any, ...]] = []
        arn = "arn:aws:s3:::there"
        s3 = Anything(
            _maybe_replicate=lambda *given: self.copied.append(("put", *given[:2])),
            _maybe_replicate_delete_marker=lambda *given: self.copied.append(("delete", *given)),
            _buckets={"here": {"region": PRIMARY}, "there": {"region": SECONDARY}, "old": {}},
            _bucket_replication={"here": {"Rules": [{"Destination": {"Bucket": arn}}]}},
            _replication_rule_for=lambda *_: (rule, None),
        )
        self.aws, self.s3 = FakeAws(s3=s3), s3
        self.replication = Replication(0, Outage())
        replication_module._buckets(self.aws, self.replication)

    def deliver(self) -> None:
        self.replication.deliver_due(float("inf"))


def test_an_object_waits_on_the_link_of_its_buckets_region() -> None:
    buckets, found = Buckets(), dict[str, Any]()
    buckets.aws.within(VIRGINIA, buckets.s3._maybe_replicate, "here", "key", found, b"")
    assert found == {"replication_status": "PENDING"}
    assert list(buckets.replication.links) == [(PRIMARY, SECONDARY)]
    assert buckets.copied == []
    buckets.deliver()
    assert buckets.copied == [("put", "here", "key")]


def test_a_delete_marker_waits_too() -> None:
    buckets = Buckets()
    buckets.s3._maybe_replicate_delete_marker("here", "key")
    assert buckets.copied == []
    buckets.deliver()
    assert buckets.copied == [("delete", "here", "key")]


@pytest.mark.parametrize("bucket", ["there", "old"])
def test_a_bucket_without_a_rule_sends_nothing(bucket: str) -> None:
    buckets, found = Buckets(rule=None), dict[str, Any]()
    buckets.s3._maybe_replicate(bucket, "key", found, b"")
    buckets.s3._maybe_replicate_delete_marker(bucket, "key")
    buckets.deliver()
    assert found == {}
    assert buckets.copied == []


def test_a_younger_object_at_the_destination_is_not_overwritten() -> None:
    buckets = Buckets()
    buckets.s3._maybe_replicate("here", "key", {}, b"old")
    buckets.replication.wrote(("object", "there", "key"), float("inf"))
    buckets.deliver()
    assert buckets.copied == []
