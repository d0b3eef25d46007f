"""Any map of attributes, in any table: a reader returns what it can, or names what it cannot read.

Anybody with a console can write a row. None may stop a recovery, a listing or a stream.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from items.item import (
    SHARDS as ITEM_SHARDS,
    IdempotencyRecord,
    ItemUnreadable,
    Request,
    from_idempotency_record,
    from_item_row,
    item_key,
)
from items.table import ItemsTable
from pilot_light_client import heartbeat, journal
from pilot_light_client.attributes import AttributeInvalid
from pilot_light_client.control_item import ControlItem, ControlItemInvalid
from pilot_light_client.heartbeat_table import Heartbeats
from pilot_light_client.journal import MARK, SHARDS, Ref
from pilot_light_client.last_resort import LastResort
from pilot_light_client.pulse import Pulse
from pilot_light_client.timestamps import milliseconds, now
from pilotlight.control.seed import SeededBefore, SeedMark
from pilotlight.failover.confirmation import pulse_evidence
from pilotlight.journal.comparison import HIGHEST, LOWEST
from pilotlight.journal.items import AppItems
from pilotlight.journal.links import JournalLinks
from pilotlight.journal.reader import Journal, Watermark
from pilotlight.ledger.entry import counts, from_stored, public
from pilotlight.ledger.epoch_end import ended_at, from_record, incomplete_since
from pilotlight.ledger.reconciliation import Cursor
from pilotlight.ledger.stream_records import RecordUnreadable, parse
from pilotlight.ledger.table import LedgerTable
from pilotlight.readiness.recorded_signals import plain_item
from pilotlight.replication.rpo import FirstFailure, estimate
from pilotlight.sentinel.item import SentinelItem
from pilotlight.sentinel.level import valid_end
from pilotlight.sentinel.observation import Observation
from pilotlight.sentinel.outages import Outages
from pilotlight.sentinel.probe_result import Probe
from pilotlight.shared.app_tables import AppTables
from pilotlight.warming.pings import listed

from tests.unit.functions.fakes import ITEMS, JOURNAL

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
# What our readers look for, in all tables.
NAMES = sorted(
    {
        *("id", "text", "version", "region", "epoch", "write_id", "updated_at", "deleted"),
        *("operation", "old", "new", "authority", "content", "seq", "written_at", "by"),
        *("revision", "active_region", "state", "move", "drain_until", "cooldown_until"),
        *("changed_at", "changed_by", "until", "beat", "watermark", "compared", "unreadable"),
        *("first_failed_at", "good_probes", "healthy_since", "observed_at", "well_at", "held_by"),
        *("paused_until", "pulse_beat", "pulse_still_since", "last_tick", "planned_until"),
        *("attempts", "last_started_at", "execution", "owner", "mode", "expires_at", "targets"),
        *("late", "verdict", "detail", "current", "active_epoch", "found_at", "found_by"),
        *("arrived_at", "status", "resolved_by", "resolved_at", "replayed_as", "at"),
        *("timeline", "rpo_estimate", "table", "key", "image", "previous", MARK),
    }
)
NUMBERS = st.one_of(
    st.integers(-(10**38) + 1, 10**38 - 1).map(str),
    st.sampled_from(["0", "-1", "1.5", "1E+30", "9" * 38, "1769860800000"]),
)
TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            *("", "serving", "open", "us-west-2", "0001-01-01T00:00:00+23:59", "2026-01-31"),
            *("9999-12-31T23:59:59-23:59", "2099-01-01T00:00:00Z", "2026-01-31T11:59:00Z"),
            *('{"seconds": 1e308}', '{"epoch": "1"}', '{"first_failed_at": 5}', "[" * 5000),
            *('{"seconds": -5, "first_failed_at": "2026-01-31T11:59:00Z"}', "null", "~" * 30),
        ]
    ),
)
VALUES = st.recursive(
    st.one_of(
        TEXTS.map(lambda text: {"S": text}),
        NUMBERS.map(lambda number: {"N": number}),
        st.booleans().map(lambda flag: {"BOOL": flag}),
        st.just({"NULL": True}),
        st.binary(max_size=4).map(lambda data: {"B": data}),
        st.sets(st.text(min_size=1, max_size=4), min_size=1, max_size=3).map(
            lambda texts: {"SS": sorted(texts)}
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2).map(lambda values: {"L": values}),
        st.dictionaries(st.sampled_from(NAMES), inner, max_size=9).map(lambda row: {"M": row}),
    ),
    max_leaves=9,
)
ANY = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=12)
# What an item's mark and an entry have within them, often as we write it.
MAPS = {
    MARK: ("version", "write_id", "region", "epoch", "at", "deleted"),
    "previous": ("version", "write_id", "region", "epoch"),
    "key": ("pk", "sk"),
    "image": ("text",),
}
PARTS = st.one_of(VALUES, st.sampled_from([{"S": "us-west-2"}, {"N": "1"}, {"BOOL": True}]))
OURS = st.fixed_dictionaries(
    {},
    optional={
        **{
            name: st.fixed_dictionaries({}, optional=dict.fromkeys(inner, PARTS)).map(
                lambda row: {"M": row}
            )
            for name, inner in MAPS.items()
        },
        "table": st.just({"S": ITEMS}),
        "operation": st.sampled_from([{"S": "put"}, {"S": "delete"}, {"S": "create"}]),
    },
)
ROWS = st.builds(lambda any_, ours: {**any_, **ours}, ANY, OURS)
KEYS = st.fixed_dictionaries(
    {
        "pk": st.one_of(TEXTS, st.sampled_from(["J#us-west-2#1#0", "J#", "J#x", "I#0"])).map(
            lambda text: {"S": text}
        ),
        "sk": st.text(min_size=1, max_size=30).map(lambda text: {"S": text}),
    }
)


class Holding:
    """A table of which every key, and every query, leads to one row."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.row = row

    def get_item(self, **_: Any) -> dict[str, Any]:
        return {"Item": self.row}

    def query(self, **_: Any) -> dict[str, Any]:
        return {"Items": [self.row]}

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:
        rows = {
            table: [{**self.row, **key} for key in asked["Keys"]]
            for table, asked in RequestItems.items()
        }
        return {"Responses": rows}

    def get_paginator(self, _operation: str) -> Any:
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"Items": [self.row]}]


TEA = Ref.of(ITEMS, item_key("tea"))
TABLES = AppTables.parse([f"{ITEMS}:pk/sk"])


@pytest.mark.parametrize(
    ("read", "names"),
    [
        (partial(from_item_row, ITEMS, "tea"), AttributeInvalid),
        (from_idempotency_record, AttributeInvalid),
        (partial(journal.from_row, TEA), AttributeInvalid),
        (journal.version_of, AttributeInvalid),
        (journal.is_deleted, AttributeInvalid),
        (journal.ref_of, AttributeInvalid),
        (journal.from_entry, journal.EntryUnreadable),
        (ControlItem.from_item, ControlItemInvalid),
    ],
)
@given(row=ROWS, key=KEYS)
def test_a_row_of_ours_is_read_or_what_is_wrong_is_named(
    read: Any, names: type[Exception], row: dict[str, Any], key: dict[str, Any]
) -> None:
    try:
        read({**row, **key})
    except names as error:
        assert str(error)


@given(row=ROWS, key=KEYS)
def test_the_table_of_the_example_application_is_read(
    row: dict[str, Any], key: dict[str, Any]
) -> None:
    table = ItemsTable(Holding({**row, **key}), ITEMS, JOURNAL)  # type: ignore[arg-type]
    for read in (table.read, table.idempotency_record):
        try:
            read("tea")
        except ItemUnreadable as error:
            assert str(error)
    made = table.made(IdempotencyRecord(Request("n", "c"), "us-west-2", 1, "01A"))
    assert made is None or made.id
    listing = table.page(50, None)
    assert len(listing.items) + len(listing.unreadable) <= 50 * ITEM_SHARDS


@given(row=ROWS, key=KEYS)
def test_items_of_any_application_are_read(row: dict[str, Any], key: dict[str, Any]) -> None:
    items = AppItems(Holding({**row, **key}), TABLES)  # type: ignore[arg-type]
    other = Ref.of("undeclared", {"id": {"S": "tea"}})
    assert items.find(TEA) is not None
    assert set(items.find_many([TEA, other])) == {TEA, other}
    found = items.find(other)
    assert found is not None and found.unreadable


@given(row=ROWS, key=KEYS)
def test_the_journal_its_proof_and_its_watermark_are_read(
    row: dict[str, Any], key: dict[str, Any]
) -> None:
    client: Any = Holding({**row, **key})
    read = Journal(client, JOURNAL, TABLES, "us-west-2", 1)
    assert len(read.pages(LOWEST, HIGHEST)) == SHARDS
    assert list(read.versions([TEA])) == [TEA]
    links = JournalLinks(client, JOURNAL, "us-west-2")
    ((write,), _) = links.page("J#us-west-2#1#0", LOWEST)
    assert write.id and str(write.new.ref)
    assert not write.unreadable or links.link(write.new.version) is None
    placeholder = journal.placeholder({**row, **key})
    assert placeholder.unreadable and placeholder.id and str(placeholder.new.ref)
    mark = Watermark(client, "recoveries", "us-west-2", 1).read()
    assert LOWEST <= mark.write_id <= HIGHEST


@given(row=ROWS, key=KEYS, created=st.one_of(st.floats(), st.integers(), TEXTS, st.none()))
def test_a_record_of_the_stream_is_read_or_set_aside(
    row: dict[str, Any], key: dict[str, Any], created: Any
) -> None:
    for change in (
        {"Keys": key, "NewImage": row, "ApproximateCreationDateTime": created},
        {"Keys": key, "NewImage": row, "OldImage": row, "ApproximateCreationDateTime": 1.5},
        {"Keys": row, "NewImage": {**row, **key}},
        {},
    ):
        record = {"dynamodb": change}
        try:
            parse(record)
        except RecordUnreadable as error:
            assert str(error)


@pytest.mark.parametrize("created", [1e300, float("nan"), "soon", None, -1e17])
def test_a_record_of_no_time_is_set_aside(created: Any) -> None:
    how: Any = {"region": "us-west-2", "epoch": 1, "write_id": "01A", "at": "noon"}
    write = journal.plan(TEA, {"text": {"S": "green"}}, None, **how)
    entry = journal.transaction(write, JOURNAL, None)[1]["Put"]["Item"]
    good = {"NewImage": entry, "ApproximateCreationDateTime": 1.5}
    assert parse({"dynamodb": good}) is not None
    with pytest.raises(RecordUnreadable):
        parse({"dynamodb": {**good, "ApproximateCreationDateTime": created}})


@given(row=ROWS, key=KEYS)
def test_the_ledger_is_read(row: dict[str, Any], key: dict[str, Any]) -> None:
    entry = from_stored({**row, **key})
    assert public(entry)["status"] in ("open", "accepted", "replayed")
    indexed = {**row, **key, "to_come_from": key["sk"]}
    ledger = LedgerTable(Holding(indexed), "ledger")  # type: ignore[arg-type]
    assert counts(ledger.open_kinds().values())["open"] == 1
    assert ledger.first_to_come(0) >= 0
    assert ledger.entries()
    assert Cursor.stored(ledger.cursor(), 2).epoch in (1, 2)
    promotion = from_record(row)
    control = ControlItem(2, "us-east-2", 2, "serving", changed_at="-")
    incomplete_since(ended_at(1, control, promotion, NOW), promotion)


@given(row=ROWS)
def test_the_sentinels_item_and_the_outage_are_read_and_reckoned_with(row: dict[str, Any]) -> None:
    client: Any = Holding(row)
    state = SentinelItem(client, "recoveries").read()
    seen = Observation(Probe(True, 200, None, 0.1, "2026-01-31T12:00:00Z"), "healthy", 5)
    state.streak.after(seen)
    state.pulse.after(seen)
    pulse_evidence(5, state.pulse, NOW)
    valid_end(state.paused_until, NOW)
    outage = Outages(client, client, "recoveries", "arn:machine").current("2026-01-31T11:59:00Z")
    assert outage.due(NOW) in (True, False)
    assert outage.name


@given(row=ROWS, key=KEYS)
def test_heartbeats_are_read_and_the_estimate_is_made(
    row: dict[str, Any], key: dict[str, Any]
) -> None:
    beats = Heartbeats(Holding({**row, **key}), JOURNAL)  # type: ignore[arg-type]
    newest = beats.newest("us-west-2")
    assert newest is not None
    newest.due(milliseconds(), 20_000, "check")
    read = heartbeat.read(row)
    state = heartbeat.replica_state([read] * heartbeat.KEYS, milliseconds())
    estimate(state, FirstFailure(NOW, "sentinel"))
    Pulse(Holding(row), "control").read(consistent=True)  # type: ignore[arg-type]


@settings(max_examples=50)
@given(row=ROWS)
def test_what_people_write_by_hand_is_read(row: dict[str, Any]) -> None:
    client: Any = Holding(row)
    assert isinstance(listed(client, "recoveries"), list)
    assert isinstance(plain_item(client, "recoveries", "sentinel"), dict)
    LastResort.from_item(row)
    try:
        SeedMark(Limited(row), "recoveries").highest_epoch()  # type: ignore[arg-type]
    except SeededBefore as error:
        assert "seeded" in str(error)
    assert now()


class Limited(Holding):
    """No record of a promotion beside the mark."""

    def get_item(self, Key: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {"Item": self.row} if Key["pk"]["S"] == "seeded" else {}


@pytest.mark.parametrize(
    "odd",
    [
        *({"epoch": 999}, {"epoch": 0}, {"epoch": -(10**9)}, {"step": -1}, {"epoch": "1"}),
        *({"before": "zzz"}, {"last": "7" + "Z" * 25}, {"before": None}),
    ],
)
def test_a_cursor_that_reconciling_cannot_have_begins_the_pass_again(odd: dict[str, Any]) -> None:
    """With an epoch that lies ahead a pass would be complete before it has compared anything."""
    good = Cursor(2, 3, "01A", "01M8CV2ATCP44MKFJJ4JKBYJ4C", "", 7, 2)
    assert Cursor.stored(asdict(good), 2) == good
    assert Cursor.stored({**asdict(good), **odd}, 2) == Cursor(1)


@pytest.mark.parametrize("version", ["0", "-5"])
def test_a_version_below_one_is_no_version_of_ours(version: str) -> None:
    numbered = {"version": {"N": version}}
    mark = {"write_id": {"S": "01A"}, "region": {"S": "us-west-2"}, "epoch": {"N": "1"}, **numbered}
    keys = {"pk": {"S": "J#us-west-2#1#0"}, "sk": {"S": "01A"}}
    item = {"table": {"S": ITEMS}, "key": {"M": item_key("tea")}}
    client: Any = Holding({**keys, **item, **numbered, MARK: {"M": mark}})
    read = Journal(client, JOURNAL, TABLES, "us-west-2", 1)
    assert read.versions([TEA])[TEA].number == 0
    assert {e.item for p in read.pages(LOWEST, HIGHEST) for e in p.entries} == {None}


@pytest.mark.parametrize(
    ("pk", "sk", "held"),
    [
        *(("I#0", "tea", True), ("x" * 2048, "é" * 512, True)),
        *(("x" * 2049, "tea", False), ("I#0", "é" * 513, False), ("I#0", "", False)),
    ],
    ids=lambda value: str(value)[:5],
)
def test_a_key_that_dynamodb_refuses_is_of_no_table(pk: str, sk: str, held: bool) -> None:
    """Reading it would fail, again and again, and hold up the entries behind it."""
    written = {"pk": {"S": pk}, "sk": {"S": sk}}
    ref = Ref(ITEMS, json.dumps(written, sort_keys=True, separators=(",", ":")))
    assert TABLES.holds(ref) is held
