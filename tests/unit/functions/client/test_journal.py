"""The journal of any application's tables: what a write becomes, and how it is read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st
from pilot_light_client import ulid_format
from pilot_light_client.attributes import LONGEST_KEY, AttributeInvalid, is_key
from pilot_light_client.journal import (
    MARK,
    SHARDS,
    EntryUnreadable,
    Item,
    KeyUnsupported,
    Ref,
    Version,
    Write,
    entry_key,
    from_entry,
    from_row,
    is_deleted,
    mark_of,
    partition,
    placeholder,
    plan,
    ref_of,
    shard_key,
    shard_of,
    transaction,
    unreadable_item,
    version_of,
)
from pilot_light_client.journal_days import LEAST_DAYS
from pilot_light_client.transaction import WriteConflict, send

from tests.unit.functions.client.attribute_values import KEYS, ROWS, TEXTS
from tests.unit.functions.fakes import JOURNAL, PRIMARY, SECONDARY

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = "2026-01-31T12:00:00.000Z"
# Tables of an application: a name, and the type of each attribute of the key.
TABLES = {
    "notes": {"id": "S"},
    "counters": {"number": "N"},
    "orders": {"customer": "S", "number": "N"},
}
KEY_OF = {
    "notes": {"id": {"S": "tea"}},
    "counters": {"number": {"N": "7"}},
    "orders": {"customer": {"S": "Ada"}, "number": {"N": "7"}},
}
NOTE = Ref.of("notes", KEY_OF["notes"])
# Ordinary attributes of an application, as large and as odd as they may be.
IMAGE = {"text": {"S": "green"}, "tags": {"SS": ["a", "b"]}, "deep": {"M": {"l": {"L": []}}}}


def planned(over: Any = None, image: Any = IMAGE, write_id: str = "01B", **changes: Any) -> Write:
    how: dict[str, Any] = {"ref": NOTE, "region": SECONDARY, "epoch": 2, "at": NOW, **changes}
    return plan(how.pop("ref"), image, over, write_id=write_id, **how)


def rows(write: Write, over: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The item and the journal entry of a write."""
    item, entry = transaction(write, JOURNAL, over)
    return item["Put"]["Item"], entry["Put"]["Item"]


# --- planning ------------------------------------------------------------------------------------
def test_the_first_write_of_an_item_is_its_first_version() -> None:
    write = planned()
    version = Version(1, "01B", SECONDARY, 2)
    assert write == Write("put", Item(NOTE, version, NOW, IMAGE), None)
    assert (write.id, write.authority) == ("01B", "quorum")


def test_a_write_over_a_journaled_row_counts_on_and_names_the_write_before_it() -> None:
    row, _ = rows(planned(region=PRIMARY, epoch=1, write_id="01A"))
    write = planned(row)
    assert write.new.version == Version(2, "01B", SECONDARY, 2)
    assert write.previous == Version(1, "01A", PRIMARY, 1)


def test_a_write_over_a_row_that_is_older_than_the_journal_begins_its_history() -> None:
    write = planned({**KEY_OF["notes"], "text": {"S": "old"}})
    assert (write.new.version.number, write.previous) == (1, None)


def test_a_deletion_leaves_a_tombstone_without_attributes_and_counts_on() -> None:
    row, _ = rows(planned(write_id="01A"))
    write = planned(row, None)
    assert (write.operation, write.new.deleted, write.new.image) == ("delete", True, {})
    tombstone, _ = rows(write, row)
    assert set(tombstone) == {"id", MARK}
    again = planned(tombstone, write_id="01C")
    assert (again.new.version.number, again.new.deleted) == (3, False)


def test_a_row_that_was_read_and_changed_can_be_written_again_as_it_is() -> None:
    row, _ = rows(planned(write_id="01A"))
    write = planned(row, {**row, "text": {"S": "black"}})
    assert write.new.image == {**IMAGE, "text": {"S": "black"}}, "neither its key nor its mark"
    assert rows(write, row)[0][MARK] == {"M": mark_of(write.new)}


def test_an_empty_image_is_an_item_and_no_deletion() -> None:
    assert not planned(image={}).new.deleted


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, None) for name in ("version", "write_id", "region", "epoch")),
        *(("version", {"N": "0"}), ("version", {"N": "-5"}), ("version", {"S": "1"})),
        *(("write_id", {"S": ""}), ("region", {"S": "x" * 257}), ("epoch", {"N": "1.5"})),
    ],
)
def test_nothing_is_planned_over_a_mark_that_cannot_be_read(name: str, value: Any) -> None:
    row, _ = rows(planned())
    row[MARK]["M"][name] = value
    with pytest.raises(AttributeInvalid, match=name):
        planned(row)


def test_nothing_is_planned_over_a_mark_that_is_none() -> None:
    with pytest.raises(AttributeInvalid, match=MARK):
        planned({**KEY_OF["notes"], MARK: {"S": "mine"}})


# --- the transaction, by DynamoDB's own rules ----------------------------------------------------
@pytest.fixture(scope="module")
def tables(moto_client: Any) -> Iterator[Any]:
    for table, key in TABLES.items():
        names = zip(key, ("HASH", "RANGE"), strict=False)
        moto_client.create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, t in key.items()],
            KeySchema=[{"AttributeName": n, "KeyType": kind} for n, kind in names],
        )
    yield moto_client
    for table in TABLES:
        moto_client.delete_table(TableName=table)


class Application:
    """An application with a table, that writes as docs/journal.md says."""

    def __init__(self, client: Any, table: str) -> None:
        self.client, self.ref = client, Ref.of(table, KEY_OF[table])

    def read(self) -> dict[str, Any] | None:
        return self.client.get_item(TableName=self.ref.table, Key=self.ref.attributes).get("Item")

    def write(self, image: Any, write_id: str, over: Any) -> Write:
        write = planned(over, image, write_id, ref=self.ref)
        send(self.client, transaction(write, JOURNAL, over), token=write_id.rjust(26, "0"))
        return write

    def entries(self) -> list[Write]:
        found = map(from_entry, self.client.scan(TableName=JOURNAL)["Items"])
        return sorted(found, key=lambda write: write.id)


@pytest.fixture(params=TABLES)
def application(request: pytest.FixtureRequest, emptied: Any, tables: Any) -> Application:
    found = Application(emptied, request.param)
    tables.delete_item(TableName=request.param, Key=found.ref.attributes)
    return found


def test_items_of_any_key_are_written_with_their_entries(application: Application) -> None:
    first = application.write(IMAGE, "01A", None)
    second = application.write({"text": {"S": "black"}}, "01B", application.read())
    third = application.write(None, "01C", application.read())
    row = application.read()
    assert row is not None
    assert from_row(application.ref, row) == third.new
    assert application.entries() == [first, second, third]
    assert [w.previous for w in application.entries()] == [
        None,
        first.new.version,
        second.new.version,
    ]


def test_of_two_first_writes_one_is_made(application: Application) -> None:
    first = application.write(IMAGE, "01A", None)
    with pytest.raises(WriteConflict):
        application.write(IMAGE, "01B", None)
    assert application.entries() == [first]


def test_of_two_writes_over_the_same_row_one_is_made(application: Application) -> None:
    application.write(IMAGE, "01A", None)
    row = application.read()
    second = application.write(None, "01B", row)
    with pytest.raises(WriteConflict):
        application.write(IMAGE, "01C", row)
    assert [w.id for w in application.entries()] == ["01A", "01B"]
    assert from_row(application.ref, application.read() or {}) == second.new


@pytest.mark.parametrize("changed", [{"write_id": {"S": "01X"}}, {"version": {"N": "2"}}], ids=str)
def test_a_row_is_the_same_only_with_the_same_version_of_the_same_write(
    application: Application, changed: dict[str, Any]
) -> None:
    """After a conflict between the Regions a replica may hold the same version of another write."""
    application.write(IMAGE, "01A", None)
    row = application.read() or {}
    other = {**row, MARK: {"M": {**row[MARK]["M"], **changed}}}
    with pytest.raises(WriteConflict):
        application.write(IMAGE, "01B", other)


def test_a_row_that_is_older_than_the_journal_is_written_over_once(
    application: Application,
) -> None:
    old = {**application.ref.attributes, "text": {"S": "old"}}
    application.client.put_item(TableName=application.ref.table, Item=old)
    first = application.write(IMAGE, "01A", old)
    with pytest.raises(WriteConflict):
        application.write(IMAGE, "01B", old)
    assert application.entries() == [first]
    assert from_row(application.ref, application.read() or {}) == first.new


def test_a_row_that_is_older_than_the_journal_is_no_nothing(application: Application) -> None:
    old = {**application.ref.attributes, "text": {"S": "old"}}
    application.client.put_item(TableName=application.ref.table, Item=old)
    with pytest.raises(WriteConflict):
        application.write(IMAGE, "01A", None)
    assert application.read() == old


def test_a_row_that_is_gone_is_not_written_over(application: Application) -> None:
    with pytest.raises(WriteConflict):
        application.write(IMAGE, "01A", {**application.ref.attributes, "text": {"S": "old"}})
    assert (application.read(), application.entries()) == (None, [])


def test_an_entry_is_never_overwritten(application: Application) -> None:
    first = application.write(IMAGE, "01A", None)
    write = planned(application.read(), None, "01A", ref=application.ref)
    with pytest.raises(WriteConflict):
        send(
            application.client,
            transaction(write, JOURNAL, application.read()),
            token="another-token",
        )
    assert application.entries() == [first]
    assert from_row(application.ref, application.read() or {}) == first.new


# --- entries -------------------------------------------------------------------------------------
def test_an_entry_belongs_to_the_region_and_epoch_of_its_write() -> None:
    _, entry = rows(planned())
    assert entry["pk"] == {"S": f"J#{SECONDARY}#2#{shard_of('01B')}"}
    assert entry["sk"] == {"S": "01B"}


def test_an_entry_reads_as_documented() -> None:
    row, _ = rows(planned(region=PRIMARY, epoch=1, write_id="01A"))
    _, entry = rows(planned(row, authority="last_resort"), row)
    assert {name: entry[name] for name in set(entry) - {"pk", "sk"}} == {
        "table": {"S": "notes"},
        "key": {"M": KEY_OF["notes"]},
        "operation": {"S": "put"},
        "version": {"N": "2"},
        "previous": {
            "M": {
                "version": {"N": "1"},
                "write_id": {"S": "01A"},
                "region": {"S": PRIMARY},
                "epoch": {"N": "1"},
            }
        },
        "image": {"M": IMAGE},
        "at": {"S": NOW},
        "authority": {"S": "last_resort"},
    }


def test_a_mark_reads_as_documented() -> None:
    row, _ = rows(planned(image=None))
    assert row[MARK]["M"] == {
        "version": {"N": "1"},
        "write_id": {"S": "01B"},
        "region": {"S": SECONDARY},
        "epoch": {"N": "2"},
        "at": {"S": NOW},
        "deleted": {"BOOL": True},
    }


def test_the_entry_of_a_first_write_has_no_previous_one() -> None:
    assert rows(planned())[1]["previous"] == {"NULL": True}


@pytest.mark.parametrize("authority", ["quorum", "last_resort", "without_quorum"])
def test_an_entry_keeps_what_let_its_write_pass(authority: str) -> None:
    assert from_entry(rows(planned(authority=authority))[1]).authority == authority


@pytest.mark.parametrize("name", rows(planned())[1])
@pytest.mark.parametrize(
    "value", [None, {"B": b"x"}, {"S": ""}, {"S": "x" * 5000}, {"N": "-1"}, {"M": {}}], ids=str
)
def test_an_entry_with_an_attribute_that_we_never_write_is_named(name: str, value: Any) -> None:
    """What is too long for a key, or for a row of the ledger, would hold it up."""
    if name == "image" and value == {"M": {}}:
        value = {"L": []}
    named = "version" if name == "previous" and value == {"M": {}} else name
    _, entry = rows(planned())
    with pytest.raises(EntryUnreadable, match=f"no valid attribute {named}"):
        from_entry({**entry, name: value})


@pytest.mark.parametrize("operation", ["create", "PUT", "put "])
def test_an_entry_of_an_unknown_operation_is_none(operation: str) -> None:
    _, entry = rows(planned())
    with pytest.raises(EntryUnreadable, match="operation"):
        from_entry({**entry, "operation": {"S": operation}})


@pytest.mark.parametrize(
    "pk",
    [
        *("", "J", "J#", "J#us-west-2", "J#us-west-2#1", "J##1#0", "J#us-west-2#x#0"),
        *("J#us-west-2#-1#0", "J#us-west-2#1#x", "J#us-west-2#1#0#0", "H#us-west-2#1#0"),
        *("J#us-west-2#1#0\n", "J#us-west-2#²#0", f"J#{'x' * 65}#1#0", f"J#a#{'9' * 16}#0"),
    ],
)
def test_any_other_partition_is_none_of_the_journal(pk: str) -> None:
    with pytest.raises(AttributeInvalid, match="pk"):
        partition(pk)


@given(
    st.sampled_from([PRIMARY, SECONDARY]), st.integers(0, 10**15 - 1), st.integers(0, SHARDS - 1)
)
def test_a_partition_tells_its_region_and_epoch(region: str, epoch: int, shard: int) -> None:
    assert partition(shard_key(region, epoch, shard)) == (region, epoch)


def test_the_shards_are_the_same_in_every_release() -> None:
    assert [shard_of(key) for key in ("milk", "tea", "chai", "coffee")] == [8, 9, 10, 7]


def test_the_shards_are_spread_evenly() -> None:
    found = [shard_of(f"write-{n}") for n in range(8000)]
    assert all(400 < found.count(shard) < 600 for shard in range(SHARDS))


# --- expiry ---------------------------------------------------------------------------------------
MOMENT_MS = 1_800_000_000_999


def entry_kept(days: int, write_id: str) -> dict[str, Any]:
    how: Any = {"region": PRIMARY, "epoch": 1, "write_id": write_id, "at": NOW, "days": days}
    write = plan(NOTE, {"text": {"S": "green"}}, None, **how)
    entry: dict[str, Any] = transaction(write, "journal", None)[1]["Put"]["Item"]
    assert from_entry(entry) == write
    return entry


@pytest.mark.parametrize("days", [LEAST_DAYS, 3650])
def test_an_entry_is_kept_for_so_many_days_from_the_time_of_its_id(days: int) -> None:
    entry = entry_kept(days, ulid_format.lowest_of(MOMENT_MS))
    assert entry["keep_until"] == {"N": str(1_800_000_000 + days * 86_400)}


@pytest.mark.parametrize(("days", "write_id"), [(0, ulid_format.lowest_of(MOMENT_MS)), (35, "01B")])
def test_an_entry_without_end_or_without_a_time_is_kept_for_ever(days: int, write_id: str) -> None:
    assert "keep_until" not in entry_kept(days, write_id)


@pytest.mark.parametrize("days", [-1, 1, LEAST_DAYS - 1])
def test_no_writer_keeps_entries_for_less_than_readers_rely_on(days: int) -> None:
    with pytest.raises(ValueError, match=f"JournalDays is {days}; it must be 0"):
        entry_kept(days, ulid_format.lowest_of(MOMENT_MS))


@pytest.mark.parametrize("value", [{"S": "soon"}, {"N": "1.5"}, {"NULL": True}])
def test_an_entry_of_no_readable_end_cannot_be_read(value: Any) -> None:
    entry = entry_kept(35, ulid_format.lowest_of(MOMENT_MS))
    with pytest.raises(EntryUnreadable, match="keep_until"):
        from_entry({**entry, "keep_until": value})


EPOCHS = st.integers(1, 10**6)
WRITE_IDS = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=26, max_size=26)
REGIONS = st.sampled_from([PRIMARY, SECONDARY])
ENTRIES = st.tuples(REGIONS, EPOCHS, WRITE_IDS)


@given(ENTRIES, ENTRIES)
def test_keys_of_entries_are_equal_only_for_the_same_write(
    one: tuple[str, int, str], other: tuple[str, int, str]
) -> None:
    assert (entry_key(*one) == entry_key(*other)) == (one == other)


# --- any application's attributes ----------------------------------------------------------------
VERSIONS = st.builds(Version, st.integers(1, 10**9), WRITE_IDS, REGIONS, EPOCHS)
IMAGES = st.one_of(st.none(), ROWS)
TABLE_NAMES = st.text("abcXYZ019_.-", min_size=3, max_size=255)


@given(TABLE_NAMES, KEYS, IMAGES, st.one_of(st.none(), VERSIONS), VERSIONS)
def test_an_item_is_read_as_it_was_written_whatever_its_attributes(
    table: str, key: Any, image: Any, before: Version | None, by: Version
) -> None:
    ref = Ref.of(table, key)
    over = {**key, MARK: {"M": mark_of(Item(ref, before, NOW, {}))}} if before else None
    write = plan(ref, image, over, region=by.region, epoch=by.epoch, write_id=by.write_id, at=NOW)
    row, entry = rows(write, over)
    assert from_row(ref, row) == write.new
    assert from_entry(entry) == write
    assert (version_of(row), is_deleted(row)) == (write.new.version, image is None)
    assert write.previous == before
    names = {*key, MARK}
    assert write.new.image == {n: v for n, v in (image or {}).items() if n not in names}


@given(TABLE_NAMES, KEYS, TABLE_NAMES, KEYS)
def test_two_references_are_equal_only_for_the_same_item(
    table: str, key: Any, other_table: str, other_key: Any
) -> None:
    one, other = Ref.of(table, key), Ref.of(other_table, other_key)
    assert (one == other) == ((table, key) == (other_table, other_key))
    assert one.attributes == key


# --- keys ----------------------------------------------------------------------------------------
def test_the_order_of_a_keys_attributes_makes_no_other_item() -> None:
    turned = dict(reversed(KEY_OF["orders"].items()))
    assert Ref.of("orders", KEY_OF["orders"]) == Ref.of("orders", turned)


def test_a_text_and_a_number_are_two_keys() -> None:
    assert Ref.of("notes", {"id": {"S": "7"}}) != Ref.of("notes", {"id": {"N": "7"}})


@pytest.mark.parametrize(
    ("ref", "text"),
    [
        *((NOTE, "notes/tea"), (Ref.of("orders", KEY_OF["orders"]), "orders/Ada/7")),
        *((Ref.of("counters", KEY_OF["counters"]), "counters/7"), (Ref("unknown", ""), "unknown")),
    ],
)
def test_a_reference_is_shown_as_people_read_it(ref: Ref, text: str) -> None:
    assert str(ref) == text


@pytest.mark.parametrize(
    "key",
    [
        *({}, {"id": {"B": b"tea"}}, {"id": {"S": "tea"}, "part": {"B": b"x"}}),
        *({"a": {"S": "1"}, "b": {"S": "2"}, "c": {"S": "3"}}, {"id": {"S": ""}}, {"id": "tea"}),
        *({"id": {"N": 7}}, {"id": {"S": "x", "N": "7"}}, {"id": {}}, {"id": {"BOOL": True}}),
        *({"id": {"S": "x" * (LONGEST_KEY + 1)}}, {"id": {"S": "é" * LONGEST_KEY}}),
    ],
    ids=lambda key: str(key)[:40],
)
def test_a_key_that_cannot_be_journaled_is_refused_and_shown(key: Any) -> None:
    assert not is_key(key)
    with pytest.raises(KeyUnsupported, match="table notes cannot be journaled") as raised:
        Ref.of("notes", key)
    assert str(key)[:40] in str(raised.value)
    assert len(str(raised.value)) < 500
    with pytest.raises(AttributeInvalid, match="key"):
        ref_of({"table": {"S": "notes"}, "key": {"M": key}})


def test_the_longest_key_is_one() -> None:
    assert is_key({"id": {"S": "é" * (LONGEST_KEY // 2)}})


# --- rows ----------------------------------------------------------------------------------------
def test_a_row_that_is_older_than_the_journal_has_no_version_and_is_no_tombstone() -> None:
    row = {**KEY_OF["notes"], "text": {"S": "old"}}
    assert (version_of(row), is_deleted(row)) == (None, False)
    with pytest.raises(AttributeInvalid, match=MARK):
        from_row(NOTE, row)


@pytest.mark.parametrize("name", ["version", "write_id", "region", "epoch", "at", "deleted"])
def test_a_row_whose_mark_is_not_whole_is_not_read(name: str) -> None:
    row, _ = rows(planned())
    del row[MARK]["M"][name]
    with pytest.raises(AttributeInvalid, match=name):
        from_row(NOTE, row)


def test_a_placeholder_of_an_item_is_no_version_of_it() -> None:
    found = unreadable_item(NOTE)
    assert (found.ref, found.unreadable, planned().new.unreadable) == (NOTE, True, False)


# --- what cannot be read -------------------------------------------------------------------------
def test_a_placeholder_shows_what_its_key_and_its_attributes_show() -> None:
    _, entry = rows(planned())
    del entry["image"]
    found = placeholder(entry)
    assert found.unreadable
    assert found.new.version == Version(0, "01B", SECONDARY, 2)
    assert found.new.ref == NOTE


def test_a_placeholder_of_nothing_is_unknown() -> None:
    found = placeholder({})
    assert found.new.version == Version(0, "unknown", "unknown", 0)
    assert str(found.new.ref) == "unknown"


def test_a_placeholder_is_small_enough_for_the_ledger() -> None:
    large = {"S": "x" * 300_000}
    found = placeholder({"table": large, "key": {"M": {"id": large}}, "at": large})
    assert len(str(found)) < 1000


ODD_ROWS = st.dictionaries(
    st.one_of(st.sampled_from(["pk", "sk", "table", "key", "operation", "version"]), TEXTS),
    st.one_of(
        ROWS.map(lambda row: {"M": row}),
        KEYS.map(lambda key: {"M": key}),
        st.text(max_size=30).map(lambda text: {"S": text}),
        st.sampled_from([{"S": "J#us-west-2#1#0"}, {"S": "J#a#1#0"}, {"NULL": True}, {"N": "1"}]),
        st.one_of(st.none(), st.text(max_size=3), st.integers(), st.lists(st.integers())),
    ),
    max_size=8,
)


@given(ODD_ROWS)
def test_a_placeholder_never_fails_whatever_the_row_holds(row: dict[str, Any]) -> None:
    found = placeholder(row)
    assert found.unreadable
    assert found.id
    assert str(found.new.ref)


@given(ODD_ROWS)
def test_an_entry_is_read_or_what_is_wrong_is_named(row: dict[str, Any]) -> None:
    try:
        from_entry(row)
    except EntryUnreadable as error:
        assert "no valid attribute" in str(error)
